"""How long a patient's pages take while eight clients send forms of a million fields, and how long without; in turn.

Everything shares one machine here, those who flood it too.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from bench import _visits
from bench._environment import environment, program
from bench._flood import flood_once
from bench._portal import Client, make_account, p95, signed_in
from bench._spread import spread
from bench.sign_in_storm import PATIENT, SETTLE_SECONDS, VISITS, measure, ms, ratio

REPETITIONS = 7
CLIENTS = 8


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Ratios of the median and the 95th percentile; milliseconds for each side and for the answer to one flood."""
    calm: list[list[float]] = []
    flooded: list[list[float]] = []
    with environment(say) as made:
        _visits.make(round(VISITS * scale))
        with signed_in(made, make_account(PATIENT), workers=2) as client:
            measure(client)
            for _ in range(REPETITIONS):
                calm.append(measure(client))
                with program(made.env, "bench._flood", str(client.port), str(CLIENTS)):
                    time.sleep(SETTLE_SECONDS)
                    flooded.append(measure(client))
                say(f"median {ms(statistics.median, calm):.1f} ms calm, {ms(statistics.median, flooded):.1f} flooded")
            answers = [_answer_seconds(client) for _ in range(REPETITIONS)]
    return {
        "ratio_of_median": ratio(statistics.median, calm, flooded),
        "ratio_of_p95": ratio(p95, calm, flooded),
        "median_ms_calm": spread([statistics.median(seconds) * 1000 for seconds in calm]),
        "median_ms_flooded": spread([statistics.median(seconds) * 1000 for seconds in flooded]),
        "answer_ms": spread([seconds * 1000 for seconds in answers]),
        "clients": CLIENTS,
    }


def _answer_seconds(client: Client) -> float:
    began = time.perf_counter()
    flood_once(client.port)
    return time.perf_counter() - began
