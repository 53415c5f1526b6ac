"""A table gets a column while a report waits for its signature, and batches in staging: nothing is stale or lost."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from sqlalchemy import column, func, select, table, update

from core.models import ArchiveRun, Batch, BatchState, Citation, Evidence, Report, ReportState, RunState, Step
from core.staging import object_store
from core.stores import databases
from core.stores.databases import Store
from tests.added_columns import added
from tests.factories import make_account, make_patient
from tests.integration.archive.conftest import seen, start
from tests.ready_report import make_ready_report, sign_ready_report
from workers.archive import driver
from workers.archive.staged_files import manifest_key

OBSERVATION = table("observation", column("id"), column("specimen"))


def run_state(run_id: int) -> str:
    with databases.read(Store.HOT) as session:
        return session.get_one(ArchiveRun, run_id).state


def versions() -> list[tuple[str, int]]:
    """Each row that reports were made from or cite, with the version of the columns that its hash covers."""
    with databases.read(Store.HOT) as session:
        kept = [
            (row.ref, row.hash_version)
            for row in (*session.scalars(select(Citation)), *session.scalars(select(Evidence)))
        ]
    return sorted(kept)


def specimens(store: Store) -> dict[str | None, int]:
    with databases.read(store) as session:
        counted = select(OBSERVATION.c.specimen, func.count()).group_by(OBSERVATION.c.specimen)
        return dict(session.execute(counted).all())


@pytest.mark.usefixtures("database")
def test_a_report_that_waits_can_be_signed_after_a_column_came(monkeypatch: pytest.MonkeyPatch) -> None:
    with databases.write() as session:
        doctor = make_account(session)
        ready = make_ready_report(session, make_patient(session), doctor)
    before = versions()
    assert before
    with added(monkeypatch, "observation", "specimen"):
        sign_ready_report(ready, doctor)
        with databases.read(Store.HOT) as session:
            assert session.get_one(Report, ready.id).state == ReportState.SIGNED
        assert versions() == before


@pytest.mark.usefixtures("population")
@pytest.mark.parametrize("waits_in", [BatchState.STAGED, BatchState.LOADED, BatchState.VERIFIED])
def test_a_staged_batch_is_staged_again_with_the_new_column(
    monkeypatch: pytest.MonkeyPatch, waits_in: BatchState
) -> None:
    before = seen("observation")
    run_id = start(batch_rows=100)
    with databases.read(Store.HOT) as session:
        while session.scalar(select(Batch.state)) != waits_in:
            assert driver.advance(run_id)
            session.rollback()
    # The rows that are there get a value without being written to.
    with added(monkeypatch, "observation", "specimen", server_default="blood"):
        driver.drive(run_id)
        assert run_state(run_id) == RunState.DONE
        assert seen("observation") == before
        assert specimens(Store.VISITS) == {"blood": 12}
        with databases.read(Store.HOT) as session:
            assert list(session.scalars(select(Step.fault).where(Step.fault.is_not(None)))) == ["columns changed"]


@pytest.mark.usefixtures("population")
def test_a_batch_from_before_versions_were_kept_is_staged_again_for_the_columns_that_came_since() -> None:
    before = seen("observation")
    run_id = start(batch_rows=100)
    driver.advance(run_id)
    driver.advance(run_id)
    with databases.write() as session:
        _as_before_versions(session, session.scalars(select(Batch)).one())
    driver.drive(run_id)
    assert run_state(run_id) == RunState.DONE
    assert seen("observation") == before
    with databases.read(Store.HOT) as session:
        assert list(session.scalars(select(Step.fault).where(Step.fault.is_not(None)))) == ["columns changed"]


def _as_before_versions(session: Any, batch: Batch) -> None:
    store, key = object_store(), manifest_key(batch.staged_key or "")
    with store.open(key) as file:
        content = json.loads(file.read())
    for entry in content["tables"].values():
        del entry["hash_version"], entry["columns"]
    body = json.dumps(content, sort_keys=True).encode()
    with store.create(key) as file:
        file.write(body)
    session.execute(update(Batch).where(Batch.id == batch.id).values(content_hash=hashlib.sha256(body).hexdigest()))
