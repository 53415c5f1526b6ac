"""How long a patient's pages take while eight clients send forms of a million fields, and how long without; in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bench import _disturbance
from bench._flood import flood_once
from bench._spread import spread

CLIENTS = 8
FLOODS = 7


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Ratios of the median and the 95th percentile; milliseconds for each side and for the answer to one flood."""
    with _disturbance.patient(scale, say) as (made, client):
        command = ("bench._flood", str(client.port), str(CLIENTS))
        compared = _disturbance.compare(made, client, say, word="flooded", command=command)
        answers = [_answer_seconds(client.port) for _ in range(FLOODS)]
    return {**compared, "answer_ms": spread([seconds * 1000 for seconds in answers]), "clients": CLIENTS}


def _answer_seconds(port: int) -> float:
    began = time.perf_counter()
    flood_once(port)
    return time.perf_counter() - began
