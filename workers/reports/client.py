"""The only way to a model: one attempt at one answer from an OpenAI-compatible endpoint."""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import openai
from openai import OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

# These libraries log whole requests at their debug level.
for _name in ("openai", "httpx", "httpx2"):
    logging.getLogger(_name).setLevel(logging.WARNING)
# Faults before anything was sent, so that nothing can be charged.
NEVER_CONNECTED = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol"})


# How an endpoint can be told the shape of its answer: by a strict JSON schema, as a JSON object, or not at all.
STRICT, OBJECT, NOTHING = "strict", "object", "none"


class Endpoint(Protocol):
    """Where models answer: a part of the settings."""

    @property
    def openai_base_url(self) -> str: ...
    @property
    def openai_api_key(self) -> str: ...
    @property
    def model_timeout_seconds(self) -> float: ...
    @property
    def model_schema(self) -> str: ...


@dataclass(frozen=True)
class Question:
    """What is asked of which model; `contents` are user messages, the first one the data."""

    model: str
    system: str
    contents: tuple[str, ...]
    schema_name: str
    schema: dict[str, Any]
    output_tokens_max: int

    def again(self, why: str) -> Question:
        """The same question, with what was wrong with the last answer."""
        note = (
            f"Your last answer could not be used: {why}. Answer again, in JSON that fits the schema, and nothing else."
        )
        return replace(self, contents=(*self.contents, note))


@dataclass(frozen=True)
class Usage:
    """Tokens as the endpoint counted them; cached tokens are part of the input, reasoning tokens part of the output."""

    input: int
    cached: int
    output: int
    reasoning: int


@dataclass(frozen=True)
class Answer:
    """What came back, whether it can be used or not. `text` is empty when there was none."""

    text: str
    refusal: bool
    model: str
    finish_reason: str
    usage: Usage | None


class EndpointFault(Exception):
    """The endpoint gave no answer. `again` is whether asking again may help, `after_seconds` the pause it asked for.

    `charged` is False when the endpoint refused the call before any work. `broken`: the endpoint itself is at fault,
    not the call or the pace of calls.
    """

    def __init__(
        self,
        cause: str,
        *,
        again: bool,
        after_seconds: float | None = None,
        charged: bool = False,
        broken: bool = False,
    ) -> None:
        super().__init__(cause)
        self.again, self.after_seconds, self.charged, self.broken = again, after_seconds, charged, broken


_clients: dict[tuple[int, str, str, float], OpenAI] = {}
_lock = threading.Lock()


def _client(settings: Endpoint) -> OpenAI:
    if not settings.openai_base_url and not settings.openai_api_key:
        raise EndpointFault(
            "no model endpoint is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL to a local one", again=False
        )
    key = (os.getpid(), settings.openai_base_url, settings.openai_api_key, settings.model_timeout_seconds)
    with _lock:
        if key not in _clients:
            _clients[key] = OpenAI(
                api_key=settings.openai_api_key or "none",
                base_url=settings.openai_base_url or None,
                timeout=settings.model_timeout_seconds,
                max_retries=0,
            )
        return _clients[key]


def ask(settings: Endpoint, question: Question) -> Answer:
    """Ask once. Raises EndpointFault."""
    try:
        completion = _client(settings).chat.completions.create(
            model=question.model,
            messages=_messages(question, strict=settings.model_schema == STRICT),
            **_format(settings, question),
        )
    except openai.APITimeoutError:
        seconds = settings.model_timeout_seconds
        raise EndpointFault(f"no answer within {seconds:g} s", again=True, charged=True, broken=True) from None
    except openai.APIConnectionError as fault:
        if type(fault.__cause__).__name__ in NEVER_CONNECTED:
            raise EndpointFault("the model endpoint can't be reached", again=True, broken=True) from None
        raise EndpointFault(
            "the connection broke off before the whole answer came", again=True, charged=True, broken=True
        ) from None
    except openai.APIStatusError as fault:
        raise _of_status(fault) from None
    except (openai.OpenAIError, ValueError) as fault:
        raise EndpointFault(
            f"the endpoint's reply can't be read ({type(fault).__name__})", again=True, charged=True, broken=True
        ) from None
    answer = _answer(completion, question.model)
    return answer if settings.model_schema == STRICT else replace(answer, text=unfenced(answer.text))


def _format(settings: Endpoint, question: Question) -> dict[str, Any]:
    """The parameters that tell an endpoint the shape and length of its answer."""
    if settings.model_schema == STRICT:
        schema = {"name": question.schema_name, "schema": question.schema, "strict": True}
        return {
            "response_format": {"type": "json_schema", "json_schema": schema},
            "max_completion_tokens": question.output_tokens_max,
        }
    shape = {"response_format": {"type": "json_object"}} if settings.model_schema == OBJECT else {}
    return {**shape, "max_tokens": question.output_tokens_max}


def unfenced(text: str) -> str:
    """The JSON object of an answer that wraps it in words or a code fence; the answer as it is, if there is none."""
    first, last = text.find("{"), text.rfind("}")
    return text[first : last + 1] if 0 <= first < last else text


def _messages(question: Question, *, strict: bool) -> list[ChatCompletionMessageParam]:
    system = question.system if strict else f"{question.system}\n\n{in_words(question)}"
    said: list[ChatCompletionMessageParam] = [{"role": "system", "content": system}]
    said += [{"role": "user", "content": content} for content in question.contents]
    return said


def in_words(question: Question) -> str:
    """The schema as words, for an endpoint that takes no schema; its answers are checked like all others."""
    schema = json.dumps(question.schema, ensure_ascii=False)
    return f"Answer with one JSON object and nothing else, by this JSON schema, {question.schema_name}:\n{schema}"


def _of_status(fault: openai.APIStatusError) -> EndpointFault:
    status = fault.status_code
    again = status in (408, 409, 429) or status >= 500
    words = {401: "refuses the key (OPENAI_API_KEY)", 403: "forbids it", 404: "does not know the model or address",
             429: "asks to slow down"}  # fmt: skip
    cause = f"the model endpoint {words.get(status, f'answered {status}')}"
    return EndpointFault(cause, again=again, after_seconds=_pause(fault), charged=status >= 500, broken=status >= 500)


def _pause(fault: openai.APIStatusError) -> float | None:
    return pause_asked(fault.response.headers.get("retry-after"), datetime.now(UTC))


def pause_asked(raw: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header, which gives seconds or an HTTP date; None if it says nothing usable."""
    if raw is None:
        return None
    try:
        seconds = float(raw)
    except ValueError:
        try:
            at = parsedate_to_datetime(raw)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
        return max(seconds, 0.0)
    return seconds if 0 <= seconds < float("inf") else None


def _answer(completion: ChatCompletion, asked: str) -> Answer:
    """An answer from what the endpoint sent, which may lack parts that the protocol promises."""
    choices = getattr(completion, "choices", None)
    if not choices or getattr(choices[0], "message", None) is None:
        return Answer("", False, asked, "none", _usage(completion))
    message = choices[0].message
    return Answer(
        text=message.content if isinstance(message.content, str) else "",
        refusal=bool(message.refusal),
        model=str(getattr(completion, "model", None) or asked)[:120],
        finish_reason=str(choices[0].finish_reason or "none")[:60],
        usage=_usage(completion),
    )


def _usage(completion: ChatCompletion) -> Usage | None:
    usage = getattr(completion, "usage", None)
    if usage is None or not isinstance(usage.prompt_tokens, int) or not isinstance(usage.completion_tokens, int):
        return None
    cached = getattr(usage.prompt_tokens_details, "cached_tokens", None) or 0
    reasoning = getattr(usage.completion_tokens_details, "reasoning_tokens", None) or 0
    return Usage(usage.prompt_tokens, cached, usage.completion_tokens, reasoning)
