"""A run's drawings: stretches of work apart, times in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from core.web.drawings.archive_runs import attempt_bars
from core.web.filters import duration

EVENING = datetime(2026, 11, 26, 22, 0, tzinfo=UTC)
MORNING = EVENING + timedelta(hours=9)


@dataclass(frozen=True)
class Tried:
    name: str
    state: str
    started_at: datetime
    finished_at: datetime | None


def tried(name: str, state: str, at: datetime, seconds: float | None) -> Tried:
    return Tried(name, state, at, at + timedelta(seconds=seconds) if seconds is not None else None)


def drawn(*attempts: Tried) -> str:
    return attempt_bars(attempts, ("stage", "load"), now=MORNING + timedelta(seconds=4), clock="{:%H:%M:%S}".format)


def test_a_night_between_two_attempts_is_left_out() -> None:
    shown = drawn(tried("load", "running", MORNING, None), tried("load", "failed", EVENING, 2))
    assert shown.count("<svg") == 2
    assert shown.index("22:00:02, 2.00 s later") < shown.index("07:00:04, 4.00 s later")
    assert shown.index("bar failed") < shown.index("bar running")


def test_a_long_step_is_no_pause() -> None:
    later = EVENING + timedelta(hours=1)
    assert drawn(tried("stage", "done", EVENING, 3600), tried("load", "done", later, 5)).count("<svg") == 1
    assert drawn(tried("plan", "done", EVENING, 5)) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.94, "0.9 s"), (42.4, "42 s"), (1621, "27 min"), (3599, "1 h 0 min"), (32_700, "9 h 5 min")],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words
