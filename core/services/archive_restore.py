"""Bring archived rows back to the primary: of a batch, a run, or one patient."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.permissions import Actor
from core.models import ArchiveRun, Batch, BatchKind, BatchState, Erasure, Holding, Patient, RunKind, RunState, utc_now
from core.services import archive, meant
from core.stores import databases


class NothingToRestore(ValueError):
    """The archive holds nothing of the batch, run or patient that was named; the message says why."""


def start_batch_restore(session: Session, *, batch_id: int, by: Actor | None) -> ArchiveRun:
    """Bring back every root that has a row in this batch. Raises PermissionDenied, NothingToRestore, RunUnderWay."""
    archive.check_right(by)
    batch = session.get(Batch, batch_id)
    if batch is None or batch.kind == BatchKind.RESTORE:
        raise NothingToRestore(f"there is no archived batch {batch_id}: `strata archive status` lists a run's batches")
    if batch.state != BatchState.RELEASED:
        raise NothingToRestore(f"batch {batch_id} is {batch.state}: only a released one has rows in the archive")
    return _start(session, batch.record_type, f"batch:{batch_id}", by)


def start_run_restore(session: Session, *, run_id: int, by: Actor | None) -> ArchiveRun:
    """Bring back what a run archived. Raises PermissionDenied, NothingToRestore, RunUnderWay."""
    archive.check_right(by)
    run = session.get(ArchiveRun, run_id)
    if run is None or run.kind != RunKind.ARCHIVE:
        raise NothingToRestore(f"there is no archive run {run_id}: `strata archive status` shows the newest")
    released = select(Batch.id).where(Batch.run_id == run_id, Batch.state == BatchState.RELEASED)
    if session.scalar(released.limit(1)) is None:
        raise NothingToRestore(f"run {run_id} has no released batch: nothing of it is in the archive")
    return _start(session, run.record_type, f"run:{run_id}", by)


def start_patient_restore(
    session: Session, *, patient_id: int, record_type: str, by: Actor | None, born: str | None = None
) -> ArchiveRun:
    """Bring back a patient's rows of one record type; `born` as in core/services/meant.py.

    Raises PermissionDenied, NothingToRestore, AnotherPerson, RunUnderWay.
    """
    archive.check_right(by)
    archive.check_record_type(record_type)
    patient = session.get(Patient, patient_id)
    if patient is not None:
        meant.check(patient, born, by=by)
    held = session.get(Holding, (patient_id, record_type))
    if held is None or held.roots <= 0:
        raise NothingToRestore(f"the archive holds no {record_type}s of patient {patient_id}")
    return _start(session, record_type, f"patient:{patient_id}", by, patient_id=patient_id)


def held_types(session: Session, patient_id: int) -> list[str]:
    """The record types of which the archive holds rows of this patient."""
    held = select(Holding.record_type).where(Holding.patient_id == patient_id, Holding.roots > 0)
    return list(session.scalars(held.order_by(Holding.record_type)))


def _start(
    session: Session, record_type: str, scope: str, by: Actor | None, patient_id: int | None = None
) -> ArchiveRun:
    archive.check_none_under_way(session, record_type)
    _check_no_erasure(session)
    now = utc_now()
    run = ArchiveRun(
        kind=RunKind.RESTORE,
        scope=scope,
        record_type=record_type,
        state=RunState.PLANNING,
        as_of=now,
        cutoff_at=now,
        started_by=by.name if by is not None else archive.COMMAND,
        batch_rows=databases.current().settings.archive_batch_rows,
    )
    session.add(run)
    session.flush()
    archive.tell(session, run, "restore", by=by, patient_id=patient_id, purpose=scope)
    archive.enqueue(session, run.id)
    return run


def _check_no_erasure(session: Session) -> None:
    """A restore must not bring back what is being erased."""
    open_ones = select(Erasure.patient_id).where(Erasure.archives_at.is_(None))
    patient_id = session.scalar(open_ones.limit(1))
    if patient_id is not None:
        raise archive.RunUnderWay(f"patient {patient_id} is being erased from the archives: wait for it")
