"""What grows is forgotten after its time, and nothing by which a row is found, a setup is judged or a file expires."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import func, select

from core.models import Alert, ArchiveRun, Base, Batch, EvalRun, OutboxMessage, RunEvent, Step, utc_now
from core.models.record_types import RECORD_TYPES
from core.stores import databases, redis
from core.stores.databases import Store
from core.stores.freshness import Positions
from workers import forgetting

pytestmark = pytest.mark.usefixtures("database")
DAY = timedelta(days=1)
# Tables that grow with use and are kept; why is said in workers/forgetting.py.
KEPT = {
    "imported_row", "holding", "archive_run", "batch", "chain_head", "kept_head_set", "correction", "erasure",
    "signer_notice", "agent_setup",
}  # fmt: skip


def count(model: type[Base]) -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def run_that_ended(days_ago: int, state: str = "done", **of_batch: object) -> None:
    """A run with one batch, its step and an event."""
    at = utc_now() - days_ago * DAY
    with databases.write() as session:
        run = ArchiveRun(record_type="visit", state=state, as_of=at, cutoff_at=at, started_by="test", batch_rows=1,
                         started_at=at, finished_at=at if state == "done" else None)  # fmt: skip
        session.add(run)
        session.flush()
        batch = Batch(run_id=run.id, record_type="visit", ordinal=1, state="released", **of_batch)
        session.add(batch)
        session.flush()
        session.add_all([
            Step(run_id=run.id, batch_id=batch.id, name="release", attempt=1, state="done", finished_at=at),
            RunEvent(run_id=run.id, action="start", by_name="test", at=at),
        ])  # fmt: skip


def test_how_runs_went_is_forgotten_but_not_that_they_were() -> None:
    run_that_ended(401)
    run_that_ended(399)
    run_that_ended(500, state="failed")
    run_that_ended(500, staged_key="visit/run-1")
    run_that_ended(500, staged_key="visit/run-2", expired_at=utc_now())
    assert forgetting.forget_moves() == "forgotten: step 2, run_event 3"
    assert (count(Step), count(RunEvent), count(Batch), count(ArchiveRun)) == (3, 2, 5, 5)
    assert forgetting.forget_moves() == "forgotten: step 0, run_event 0"


def test_what_was_watched_is_forgotten() -> None:
    now = utc_now()
    with databases.write() as session:
        for days in (1, 3):
            session.add(OutboxMessage(queue="ops", task="workers.tidy.tidy", arguments={}, done_at=now - days * DAY))
        session.add(OutboxMessage(queue="ops", task="workers.tidy.tidy", arguments={}, created_at=now - 900 * DAY))
        for cleared in (now - 401 * DAY, now - 399 * DAY, None):
            session.add(Alert(rule=f"r{cleared}"[:60], value=1.0, threshold=0.5, samples=1, fired_at=now - 900 * DAY,
                              cleared_at=cleared))  # fmt: skip
        for model, days in (("a", 900), ("a", 850), ("b", 900), (None, 900), (None, 10)):
            session.add(EvalRun(suite="factcheck", model=model, prompt_version="p", passed=True, figures={},
                                ran_at=now - days * DAY))  # fmt: skip
            session.flush()
    assert forgetting.forget_watched() == "forgotten: outbox_message 1, alert 1, eval_run 2"
    with databases.read(Store.HOT) as session:
        left = session.execute(select(EvalRun.model, EvalRun.ran_at).order_by(EvalRun.id)).all()
    assert [(model, (now - at).days) for model, at in left] == [("a", 850), ("b", 900), (None, 10)]


def test_many_rows_go_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "ROWS_A_TRANSACTION", 2)
    done_at = utc_now() - 9 * DAY
    with databases.write() as session:
        for _ in range(5):
            session.add(OutboxMessage(queue="ops", task="workers.tidy.tidy", arguments={}, done_at=done_at))
    assert forgetting.forget_watched().startswith("forgotten: outbox_message 5,")
    assert count(OutboxMessage) == 0


def test_each_table_of_ours_that_grows_is_forgotten_or_kept_for_a_reason() -> None:
    forgotten = {one.model.__tablename__ for one in forgetting.FORGOTTEN}
    assert forgotten == {"outbox_message", "alert", "eval_run", "step", "run_event"}
    assert not forgotten & KEPT
    assert all(f"`{name}`" in (forgetting.__doc__ or "") for name in KEPT)


def test_each_table_is_accounted_for_once() -> None:
    moved = {table.name for kind in RECORD_TYPES.values() for table in kind.tables}
    forgotten = {one.model.__tablename__ for one in forgetting.FORGOTTEN}
    every = [*moved, *forgotten, *KEPT, *forgetting.OF_PEOPLE, *forgetting.BOUNDED]
    assert sorted(every) == sorted(Base.metadata.tables)
    assert all(forgetting.BOUNDED.values())


def test_how_large_each_kept_table_becomes_is_said() -> None:
    page = (Path(forgetting.__file__).parents[1] / "docs" / "scaling.md").read_text()
    lines = [line for line in page.partition("## What grows")[2].splitlines() if line.startswith("| `")]
    said = {name for line in lines for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert said == KEPT
    assert all(re.search(r"\d (?:MB|GB)", line.split("|")[3]) for line in lines)


def test_how_far_an_account_has_written_has_an_end_in_redis(with_position_hours: Callable[[int], None]) -> None:
    client: Redis = redis.client()
    positions = Positions(client, "public")
    assert positions.raise_to(7, 900)
    assert 86_000 < client.ttl("position:public:7") <= 86_400
    with_position_hours(1)
    assert positions.raise_to(7, 800)
    assert (positions.needed(7) or 0) >= 900
    assert client.zcard("position:public:7") == 1
    assert 3_500 < client.ttl("position:public:7") <= 3_600


@pytest.fixture
def with_position_hours() -> Callable[[int], None]:
    """Call it to let positions be kept for so many hours in this test."""

    def change(hours: int) -> None:
        databases.current().settings = databases.current().settings.model_copy(update={"position_keep_hours": hours})

    return change
