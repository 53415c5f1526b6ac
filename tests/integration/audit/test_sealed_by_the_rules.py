"""What may become of a sealed batch by the rules is no fault: corrections, restores, erasures, a new column."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, insert, select, update

from core.models import AccessEvent, Batch, BatchState, Note, SensitiveVisit, Visit
from core.queries.batch_seals import SEALED
from core.services import archive, archive_restore, corrections
from core.stores import databases
from core.stores.databases import Store
from tests.added_columns import added
from tests.factories import NOW, make_account
from tests.integration.archive.test_restore import restore_to_end
from tests.integration.audit.sealing import (
    ALTERED,
    LEFT,
    NOTE,
    VISIT,
    Sync,
    as_archiver,
    batch_name,
    erase_now,
    faults,
    kept,
    patients,
    rewrite,
    rows_left,
    taken,
    two_patients,
    verdict,
)
from tests.integration.web.conftest import move_to_archive
from workers import audit_heads as task
from workers.archive import driver, purge


def test_a_correction_and_a_visit_kept_apart_are_no_fault(patients: list[int], sync_replica: Sync) -> None:
    with databases.read(Store.VISITS) as visits:
        note, visit = visits.execute(select(NOTE.c.id, NOTE.c.visit_id).where(NOTE.c.patient_id == patients[0])).first()
    with databases.write() as session:
        doctor = make_account(session, covers_all=True)
        corrections.mark_error(
            session, patient_id=patients[0], ref=f"note:{note}", reason="of another person", by=doctor
        )
        session.add(SensitiveVisit(visit_id=visit, patient_id=patients[0], category="S", set_by=doctor.id))
    sync_replica()
    assert faults() == {}


__all__ = ["kept", "patients", "taken"]


def test_a_patient_who_is_brought_back_is_no_fault_and_the_others_are_still_sealed(
    patients: list[int], taken: Engine, sync_replica: Sync
) -> None:
    back = archive_restore.start_patient_restore
    as_archiver(lambda: restore_to_end(back, patient_id=patients[0], record_type="visit"))
    sync_replica()
    assert faults() == {}
    with databases.write() as session:
        session.execute(update(Note).where(Note.patient_id == patients[0]).values(text="Changed since."))
    gone(patients[0])
    sync_replica()
    assert (rows_left(), faults()) == (4, {})
    rewrite(taken)
    assert faults() == {batch_name(): ALTERED.format(2)}


def gone(patient_id: int) -> None:
    """As the scheduler would: the first call may find that the replica does not have the restore yet."""
    for _ in range(200):
        as_archiver(purge.purge_restored)
        with databases.read(Store.VISITS) as visits:
            if not visits.scalar(select(func.count()).select_from(VISIT).where(VISIT.c.patient_id == patient_id)):
                return
    pytest.fail("copies stay")


def test_a_batch_that_is_brought_back_whole_is_no_fault_and_nothing_stays_of_it(
    patients: list[int], sync_replica: Sync
) -> None:
    for patient_id in patients:
        back = archive_restore.start_patient_restore
        as_archiver(lambda: restore_to_end(back, patient_id=patient_id, record_type="visit"))  # noqa: B023
        sync_replica()
        assert faults() == {}
    for patient_id in patients:
        gone(patient_id)
        sync_replica()
        assert faults() == {}
    assert rows_left() == 0


def test_an_erasure_is_no_fault_and_the_others_are_still_sealed(
    patients: list[int], taken: Engine, sync_replica: Sync
) -> None:
    erase_now(patients[0])
    sync_replica()
    assert (rows_left(), faults()) == (4, {})
    rewrite(taken)
    assert faults() == {batch_name(): ALTERED.format(2)}


def test_what_stays_of_erased_rows_tells_nobody_what_they_said(patients: list[int], kept: Any) -> None:
    with databases.read(Store.VISITS) as visits:
        hashed = visits.scalars(select(_hash_of_notes())).all()
    erase_now(patients[0])
    with databases.read(Store.VISITS) as visits:
        stays = [bytes(one) for one in visits.scalars(select(LEFT.c.kept))]
    assert len(stays) == 4
    assert not any(bytes(found) in one or bytes(found).hex().encode() in one for one in stays for found in hashed)
    others = tuple((kind, key) for kind, key in kept.event_keys if kind != "archiver")
    databases.configure(kept.model_copy(update={"event_keys": others}))
    assert "note: no key opens what is kept of the rows that left it" in [fault.what for fault in verdict().faults]


def _hash_of_notes() -> Any:
    from core.archiving import hashes
    from core.models import Base

    return hashes.of_row(Base.metadata.tables["note"], 2, NOTE)


def test_erasing_the_last_leaves_nothing(patients: list[int], sync_replica: Sync) -> None:
    for patient_id in patients:
        erase_now(patient_id)
    sync_replica()
    assert (rows_left(), faults()) == (0, {})


def test_a_row_that_was_edited_while_it_moved_is_not_sealed(kept: Any, sync_replica: Sync) -> None:
    first, run_id = two_patients()[0], begun()
    with databases.read(Store.HOT) as session:
        while session.scalar(select(Batch.state)) != BatchState.VERIFIED:
            as_archiver(lambda: driver.advance(run_id))
            session.rollback()
    with databases.write() as session:
        session.scalars(select(Note).where(Note.patient_id == first).limit(1)).one().text = "Edited while it moved."
    as_archiver(lambda: driver.drive(run_id))
    task.keep()
    sync_replica()
    assert faults() == {}
    with databases.read(Store.HOT) as session:
        said = session.scalars(select(AccessEvent.purpose).where(AccessEvent.action == SEALED)).all()
        assert session.scalar(select(func.count()).select_from(Note)) == 1
    assert sorted(one.split(",")[:2] for one in said) == [["note", " 3 rows"], ["visit", " 4 rows"]]


def begun() -> int:
    with databases.write() as session:
        return archive.start_run(session, record_type="visit", by=None, as_of=NOW).id


def test_late_rows_are_sealed_in_a_batch_of_their_own(patients: list[int], taken: Engine, sync_replica: Sync) -> None:
    from core.archiving import late_roots
    from core.models.record_types import VISIT as KIND

    with databases.read(Store.VISITS) as visits:
        visit = visits.scalar(select(VISIT.c.id).where(VISIT.c.patient_id == patients[0]).limit(1))
    with databases.write() as session:
        common = {"patient_id": patients[0], "visit_id": visit, "kind": "Addendum", "author": "Dr Tan"}
        session.add(Note(**common, text="A late one.", written_at=NOW - timedelta(days=300)))
        late_roots.mark(session, KIND, [visit])
    as_archiver(move_to_archive)
    task.keep()
    sync_replica()
    assert (verdict().faults, verdict().looked.batches) == ((), 2)
    with taken.begin() as visits:
        row = visits.execute(select(NOTE).where(NOTE.c.text == "A late one.")).mappings().one()
        visits.execute(delete(NOTE).where(NOTE.c.id == row["id"]))
        visits.execute(insert(NOTE), {**row, "text": "Another."})
    assert list(faults().values()) == [ALTERED.format(1)]


def test_a_column_that_comes_later_is_no_fault(
    patients: list[int], taken: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with added(monkeypatch, "note", "specimen", server_default="blood"):
        assert faults() == {}
        erase_now(patients[0])
        assert faults() == {}
        rewrite(taken)
        assert faults() == {batch_name(): ALTERED.format(2)}


def test_what_is_not_read_yet_is_no_fault(kept: Any, sync_replica: Sync) -> None:
    """A batch on its way has copies in the archive that nobody reads yet."""
    two_patients()
    run_id = begun()
    for _ in range(4):
        driver.advance(run_id)
        sync_replica()
        found = verdict()
        assert (found.looked.batches, [fault for fault in found.faults if "batch" in fault.writer]) == (0, [])
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 4
