"""A patient's pages in turn while all is calm and while a program disturbs the portal, on the same rows.

Everything shares one machine here, the program too.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bench import _visits
from bench._environment import Environment, environment, program
from bench._portal import PATHS, Client, make_account, p95, signed_in
from bench._spread import spread

VISITS = 20_000
REPETITIONS = 7
PATIENT = 7
REQUESTS = 200
PAUSE_SECONDS = 0.02
SETTLE_SECONDS = 1.0


@contextmanager
def patient(scale: float, say: Callable[[str], None]) -> Iterator[tuple[Environment, Client]]:
    """Servers with visits, and a patient who has signed in at a portal of two workers."""
    with environment(say) as made:
        _visits.make(round(VISITS * scale))
        with signed_in(made, make_account(PATIENT), workers=2) as client:
            yield made, client


def compare(
    made: Environment, client: Client, say: Callable[[str], None], *, word: str, command: Sequence[str]
) -> dict[str, Any]:
    """Ratios of the median and the 95th percentile, and the medians in ms, calm and with `python -m COMMAND` running.

    `word` is what the disturbed side is called.
    """
    calm: list[list[float]] = []
    disturbed: list[list[float]] = []
    _measure(client)
    for _ in range(REPETITIONS):
        calm.append(_measure(client))
        with program(made.env, *command):
            time.sleep(SETTLE_SECONDS)
            disturbed.append(_measure(client))
        say(f"median {_ms(calm[-1]):.1f} ms calm, {_ms(disturbed[-1]):.1f} {word}")
    return {
        "ratio_of_median": _ratio(statistics.median, calm, disturbed),
        "ratio_of_p95": _ratio(p95, calm, disturbed),
        "median_ms_calm": spread([_ms(seconds) for seconds in calm]),
        f"median_ms_{word}": spread([_ms(seconds) for seconds in disturbed]),
    }


def _measure(client: Client) -> list[float]:
    seconds = []
    for number in range(REQUESTS):
        seconds.append(client.seconds(PATHS[number % len(PATHS)]))
        time.sleep(PAUSE_SECONDS)
    return seconds


def _ms(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000


def _ratio(
    figure: Callable[[list[float]], float], calm: list[list[float]], disturbed: list[list[float]]
) -> dict[str, float]:
    return spread([figure(during) / figure(without) for during, without in zip(disturbed, calm, strict=True)])
