"""A batch that left for the archive is taken away, or rewritten, by nobody unseen: its release is on the trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, delete, select, update

from core import audit
from core.audit import Origin
from core.install import archive_readers, setup
from core.install.database_roles import DatabaseRole
from core.models import Batch, Holding, Step
from core.models.record_types import ARCHIVE_METADATA
from core.queries import audit_chains
from core.queries.released_batches import RELEASED, Releases
from core.services import erasure
from core.stores import databases
from core.stores.databases import Store
from tests.factories import NOW, make_note, make_patient, make_visit
from tests.integration.audit.conftest import waited
from tests.integration.web.conftest import move_to_archive
from workers import audit_heads as task
from workers.archive import erase

VISIT, NOTE = (ARCHIVE_METADATA["visits"].tables[name] for name in ("visit", "note"))


@pytest.fixture
def patient_id(database: Any, tmp_path: Path, sync_replica: Callable[[], None]) -> int:
    """Three visits of a patient are archived; the release is in a kept set of heads."""
    databases.configure(database.model_copy(update={"audit_heads_url": tmp_path.as_uri()}))
    with databases.write() as session:
        patient = make_patient(session)
        for days in (700, 600, 500):
            visit = make_visit(session, patient, started_at=NOW - timedelta(days=days))
            make_note(session, visit)
    token = audit.origin.set(Origin("archiver"))
    move_to_archive("visit")
    audit.origin.reset(token)
    task.keep()
    sync_replica()
    assert found() == {}
    return patient.id


@pytest.fixture
def archiver(database: Any) -> Engine:
    """The primary, for whoever has taken the archiver."""
    password = setup.make_login("taken_archiver", DatabaseRole.ARCHIVER)
    return create_engine(archive_readers.as_login(database.primary_url, "taken_archiver", password))


def found() -> dict[str, str]:
    return {fault.writer: fault.what for fault in audit_chains.verify().faults}


def take_away_copies(*tables: Any) -> None:
    """With the archiver's login of that archive, which may write there."""
    with databases.current().engine(Store("visits"), read_only=False).begin() as archive:
        for table in tables:
            archive.execute(delete(table))


def batch_name() -> str:
    with databases.read(Store.HOT) as session:
        batch_id = session.scalars(select(Batch.id)).one()
    return f"batch {batch_id} of visit"


def test_counting_waits_longer_for_an_archive_than_a_page_does(
    patient_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = waited(monkeypatch)
    assert found() == {}
    assert min(waits) > databases.current().settings.cold_timeout_seconds


def test_rows_taken_from_the_archive_are_missed(patient_id: int) -> None:
    take_away_copies(NOTE)
    assert found() == {batch_name(): "3 of 6 row(s) missing in the archive"}


def test_a_whole_batch_taken_away_is_missed(
    patient_id: int, archiver: Engine, sync_replica: Callable[[], None]
) -> None:
    name = batch_name()
    take_away_copies(NOTE, VISIT)
    with archiver.begin() as taken:
        for table in (Holding, Step, Batch):
            taken.execute(delete(table))
    sync_replica()
    assert found() == {name: "is gone: the archive run that released it is on the trail"}


def test_another_manifest_is_found(patient_id: int, archiver: Engine, sync_replica: Callable[[], None]) -> None:
    with archiver.begin() as taken:
        taken.execute(update(Batch).values(content_hash="0" * 64))
    sync_replica()
    assert found() == {batch_name(): "its manifest is not the one that was released"}


def test_a_second_release_in_other_words_is_found(patient_id: int, sync_replica: Callable[[], None]) -> None:
    """The archiver has the key of its own kind: it can add events, and take none back."""
    with databases.read(Store.HOT) as session:
        batch = session.scalars(select(Batch)).one()
    token = audit.origin.set(Origin("archiver"))
    with databases.write() as session:
        said = f"visit, 0 rows, manifest {batch.content_hash}"
        audit.record(session, RELEASED, by=None, target=f"batch:{batch.id}", purpose=said)
    audit.origin.reset(token)
    sync_replica()
    assert found() == {batch_name(): "was released twice, and not alike"}


def test_an_erasure_is_no_fault(patient_id: int, sync_replica: Callable[[], None]) -> None:
    with databases.write() as session:
        erased = erasure.erase_patient(session, patient_id=patient_id, reason="asked", by=None).id
    erase.erase(erased)
    sync_replica()
    assert found() == {}


@pytest.mark.parametrize(
    ("target", "purpose"), [(None, None), ("batch:x", "visit, 1 rows, manifest " + "0" * 64), ("batch:1", "visit")]
)
def test_a_release_in_words_of_nobodys_is_a_fault(target: str | None, purpose: str | None) -> None:
    releases = Releases()
    releases.take(target, purpose)
    assert [fault.what for fault in releases.end()] == ["its release is told in words that are none of ours"]
