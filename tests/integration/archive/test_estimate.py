"""What a run takes is told before it starts, from a sample."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from commands.archive import group
from core.models import ArchiveRun, Batch, RunState, utc_now
from core.queries import archive_estimate
from core.stores import databases, freshness
from core.stores.databases import Store
from tests.integration.archive.conftest import run_to_end


def estimate(*arguments: str) -> str:
    freshness.wait_for_replica(freshness.primary_position())
    ended = CliRunner().invoke(group, ["estimate", "--as-of", "2026-11-01", *arguments])
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def of_visits() -> dict[str, Any]:
    [found] = json.loads(estimate("--type", "visit", "--json"))
    return dict(found)


@pytest.mark.usefixtures("population")
def test_it_tells_what_a_run_then_moves() -> None:
    told = of_visits()
    run = run_to_end()
    with databases.read(Store.HOT) as session:
        rows = sum(batch.released_rows for batch in session.query(Batch).where(Batch.run_id == run.id))
    assert (told["roots"], told["rows"]) == (run.selected, rows)
    assert told["log_bytes"] == rows * archive_estimate.WAL_BYTES_A_ROW
    assert 0 < told["staged_bytes"] < told["archive_bytes"]
    assert of_visits()["rows"] == 0


@pytest.mark.usefixtures("population")
def test_a_sample_stands_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = of_visits()
    monkeypatch.setattr(archive_estimate, "SAMPLE_ROOTS", 4)
    assert of_visits()["rows"] == pytest.approx(whole["rows"], rel=0.1)


@pytest.mark.usefixtures("population")
def test_the_pace_is_the_last_large_runs_and_the_limit_counts(with_settings: Callable[..., None]) -> None:
    with_settings(archive_rows_per_second=1)
    told = of_visits()
    assert told["seconds"] == told["rows"]
    assert told["seconds_at_full_speed"] == pytest.approx(told["rows"] / archive_estimate.ROWS_A_SECOND)
    assert "at 1 rows/s (STRATA_ARCHIVE_ROWS_PER_SECOND)" in estimate("--type", "visit")
    now = utc_now()
    with databases.write() as session:
        run = ArchiveRun(record_type="visit", state=RunState.DONE, as_of=now, cutoff_at=now, started_by="test",
                         batch_rows=1, started_at=now - timedelta(seconds=100), finished_at=now)  # fmt: skip
        session.add(run)
        session.flush()
        session.add(Batch(run_id=run.id, record_type="visit", ordinal=1, state="released", released_rows=200_000))
    assert of_visits()["seconds_at_full_speed"] == pytest.approx(told["rows"] / 2_000, rel=0.02)
