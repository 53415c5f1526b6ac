"""One request to one reply, by the name of the schema that it asks for."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from evals.offline_model import MODEL, rule_checker, rule_drafter, rule_reader
from evals.offline_model.misbehaviour import CONTENT
from evals.recording import Recording

Json = dict[str, Any]
SCHEMAS = ("report_draft", "report_revision", "claim_judgements", "sentence_readings")
CHARACTERS_PER_TOKEN = 4
RETRY_AFTER_SECONDS = 1
HUGE_CHARACTERS = 300_000


class BadRequest(Exception):
    """The request is not one that the rules can answer; the message says why."""


@dataclass(frozen=True)
class Reply:
    """A status, a body and headers."""

    status: int
    body: Json
    headers: dict[str, str] = field(default_factory=dict)


def reply(request: Json, mode: str, recording: Recording | None = None) -> Reply:
    """Answer a chat completion request; `mode` is one of the misbehaviours, or off. Raises BadRequest.

    With a recording, the answers are a real model's, and there is no other.
    """
    if recording is not None:
        return _recorded(request, recording)
    if mode == "rate_limit":
        error = {"error": {"message": "slow down", "type": "rate_limit_error"}}
        return Reply(429, error, {"Retry-After": str(RETRY_AFTER_SECONDS)})
    if mode == "down":
        return Reply(503, {"error": {"message": "overloaded", "type": "server_error"}})
    content = json.dumps(_answer(request, mode), ensure_ascii=False)
    if mode == "refuse":
        return _completion(request, None, "stop", refusal="I can't help with that.")
    if mode == "truncate":
        return _completion(request, content[: len(content) // 2], "length")
    spoilt = {
        "garbage": "Certainly! Here is the summary: {claims",
        "empty": "",
        "huge": json.dumps({"claims": ["x" * HUGE_CHARACTERS]}),
        "wrong_schema": '{"summary": "all well"}',
    }
    return _completion(request, spoilt.get(mode, content), "stop")


def _recorded(request: Json, recording: Recording) -> Reply:
    name, _ = _task(request)
    contents = [message["content"] for message in request["messages"] if message["role"] == "user"]
    found = recording.answer(name, contents)
    if found is None:
        raise BadRequest("the recording holds no answer to this question")
    whole = _completion(request, found["text"], found["finish_reason"])
    tokens = found["input_tokens"], found["output_tokens"]
    usage = dict(zip(("prompt_tokens", "completion_tokens", "total_tokens"), (*tokens, sum(tokens)), strict=True))
    return Reply(200, {**whole.body, "model": f"{found['model']} (recorded)", "usage": usage})


def _answer(request: Json, mode: str) -> Json:
    name, data = _task(request)
    if name == "claim_judgements":
        return rule_checker.approve(data["claims"]) if mode in CONTENT else rule_checker.judge(data["claims"])
    if name == "sentence_readings":
        return (rule_reader.misread if mode in CONTENT else rule_reader.read)(data["sentences"])
    if name == "report_revision":
        return {"revisions": []} if mode in CONTENT else rule_drafter.revise(data["flagged"], data["evidence"])
    if name == "report_draft":
        draft = rule_drafter.draft(data["evidence"])
        return CONTENT[mode](draft, data["evidence"]) if mode in CONTENT else draft
    raise BadRequest(f"these rules have no schema named {name!r}")


def _task(request: Json) -> tuple[str, Json]:
    try:
        name = _schema_name(request)
        data = next(message["content"] for message in request["messages"] if message["role"] == "user")
        return name, json.loads(data)
    except (KeyError, TypeError, StopIteration, ValueError):
        raise BadRequest("send messages and a response_format with a JSON schema of Strata's report loop") from None


def _schema_name(request: Json) -> str:
    """By the response format, else by what the system message says of it, as for endpoints without strict schemas."""
    shape = request.get("response_format") or {}
    if shape.get("type") == "json_schema":
        return str(shape["json_schema"]["name"])
    system = next(message["content"] for message in request["messages"] if message["role"] == "system")
    return next(name for name in SCHEMAS if f"JSON schema, {name}:" in system)


def _completion(request: Json, content: str | None, finish_reason: str, refusal: str | None = None) -> Reply:
    asked = sum(len(str(message.get("content", ""))) for message in request["messages"]) // CHARACTERS_PER_TOKEN
    said = len(content or "") // CHARACTERS_PER_TOKEN
    message = {"role": "assistant", "content": content, "refusal": refusal}
    body = {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}],
        "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
    }
    return Reply(200, body)
