"""Each model call as one log record, by OpenTelemetry's semantic conventions for generative AI; never its content."""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import urlsplit

from core.metrics import counters
from core.models import ModelCall

log = logging.getLogger("strata.gen_ai")


def attributes(call: ModelCall) -> dict[str, Any]:
    """The call's attributes, without those that say nothing.

    Cached input tokens are part of the input tokens, reasoning ones part of the output tokens, as the conventions
    want it. Attributes for which they have no name begin with `strata.`.
    """
    address = urlsplit(call.provider)
    found = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.agent.name": call.role,
        "gen_ai.request.model": call.requested_model,
        "gen_ai.response.model": call.answering_model,
        "gen_ai.response.finish_reasons": [call.finish_reason] if call.finish_reason else None,
        "gen_ai.usage.input_tokens": call.input_tokens,
        "gen_ai.usage.cache_read.input_tokens": call.cached_tokens,
        "gen_ai.usage.output_tokens": call.output_tokens,
        "gen_ai.usage.reasoning.output_tokens": call.reasoning_tokens,
        "server.address": address.hostname,
        "server.port": address.port,
        "error.type": call.error,
        "strata.report.id": call.report_id,
        "strata.report.round": call.round,
        "strata.call.id": call.id,
        "strata.call.attempt": call.attempt,
        "strata.prompt.version": call.prompt_version,
        "strata.cost_usd": None if call.cost_usd is None else float(call.cost_usd),
        "strata.price.version": call.price_version,
        "strata.latency_seconds": None if call.latency_seconds is None else float(call.latency_seconds),
    }
    return {name: value for name, value in found.items() if value is not None}


def say(call: ModelCall) -> None:
    """Log a call that has ended, at INFO, as one JSON object; and count it."""
    kinds = {"input": call.input_tokens, "cached": call.cached_tokens, "output": call.output_tokens}
    counters.model_call(
        (call.requested_model, call.role, call.prompt_version),
        "failed" if call.answering_model is None else "done",
        float(call.latency_seconds or 0),
        {kind: number for kind, number in kinds.items() if number},
        float(call.cost_usd or 0),
    )
    if log.isEnabledFor(logging.INFO):
        log.info("gen_ai.client.inference %s", json.dumps(attributes(call)))
