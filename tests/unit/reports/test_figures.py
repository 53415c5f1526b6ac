"""Seconds by phase, from a report's moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from core.queries.reports.figures import drafted_by, phase_seconds

START = datetime(2026, 11, 12, 2, 0, tzinfo=UTC)


def events(*moves: tuple[str, float]) -> list[SimpleNamespace]:
    return [SimpleNamespace(to_state=state, at=START + timedelta(seconds=seconds)) for state, seconds in moves]


def test_rounds_add_up() -> None:
    moves = events(
        ("requested", 0), ("drafting", 2), ("checking", 5), ("revising", 6), ("checking", 10), ("ready", 11.5),
    )  # fmt: skip
    spent = phase_seconds(moves, START + timedelta(hours=1))
    assert spent == {"queue": 2.0, "draft": 3.0, "check": 2.5, "revise": 4.0}


def test_a_phase_under_way_counts_up_to_now() -> None:
    assert phase_seconds(events(("requested", 0), ("drafting", 1)), START + timedelta(seconds=9))["draft"] == 8.0


def test_a_failed_report_stops_counting() -> None:
    spent = phase_seconds(events(("requested", 0), ("drafting", 1), ("failed", 3)), START + timedelta(hours=1))
    assert spent == {"queue": 1.0, "draft": 2.0, "check": 0.0, "revise": 0.0}


def test_rules_are_never_called_a_language_model() -> None:
    assert drafted_by("strata-offline-rules").endswith("not a language model.")
    assert drafted_by("gpt-x").endswith("the language model gpt-x.")
