"""How long a patient's pages take while somebody guesses 100 passwords a second, and how long without; in turn.

Everything shares one machine here, the guesser too.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from bench import _visits
from bench._environment import environment, program
from bench._portal import Client, make_account, p95, signed_in
from bench._spread import spread

VISITS = 20_000
REPETITIONS = 7
PATIENT = 7
REQUESTS = 200
GUESSES_A_SECOND = 100
PAUSE_SECONDS = 0.02
SETTLE_SECONDS = 1.0
PATHS = ("/visits", "/results", "/record", "/reports")


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Ratios of the median and the 95th percentile; milliseconds for each side."""
    calm: list[list[float]] = []
    stormy: list[list[float]] = []
    with environment(say) as made:
        _visits.make(round(VISITS * scale))
        with signed_in(made, make_account(PATIENT), workers=2) as client:
            measure(client)
            for _ in range(REPETITIONS):
                calm.append(measure(client))
                with program(made.env, "bench._storm", str(client.port), str(GUESSES_A_SECOND)):
                    time.sleep(SETTLE_SECONDS)
                    stormy.append(measure(client))
                say(f"median {ms(statistics.median, calm):.1f} ms calm, {ms(statistics.median, stormy):.1f} stormy")
    return {
        "ratio_of_median": ratio(statistics.median, calm, stormy),
        "ratio_of_p95": ratio(p95, calm, stormy),
        "median_ms_calm": spread([statistics.median(seconds) * 1000 for seconds in calm]),
        "median_ms_stormy": spread([statistics.median(seconds) * 1000 for seconds in stormy]),
        "guesses_a_second": GUESSES_A_SECOND,
    }


def measure(client: Client) -> list[float]:
    seconds = []
    for number in range(REQUESTS):
        seconds.append(client.seconds(PATHS[number % len(PATHS)]))
        time.sleep(PAUSE_SECONDS)
    return seconds


def ms(figure: Callable[[list[float]], float], seconds: list[list[float]]) -> float:
    return figure(seconds[-1]) * 1000


def ratio(
    figure: Callable[[list[float]], float], calm: list[list[float]], stormy: list[list[float]]
) -> dict[str, float]:
    return spread([figure(during) / figure(without) for during, without in zip(stormy, calm, strict=True)])
