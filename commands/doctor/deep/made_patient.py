"""The patient whom `strata doctor --deep` makes, and takes away again, also one that an interrupted run has left."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import date, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import audit
from core.jobs import outbox
from core.models import (
    Account,
    ArchiveRun,
    Batch,
    BatchState,
    Erasure,
    Note,
    Patient,
    Report,
    RunState,
    Visit,
    VisitStatus,
    utc_now,
)
from core.picture import upkeep as picture
from core.services import erasure
from core.stores import databases
from core.stores.databases import Store
from workers.archive import erase, heartbeat
from workers.archive.expire import SETTLED

NAME, BORN = "Check by strata doctor, no person", date(1900, 1, 1)
COMMAND = "strata doctor --deep"
VISITS = 10
# What engines have disagreed on: accents, other scripts, beyond 16 bits, quotes, a backslash, ends of lines, blanks.
TEXT = "Größe, 測試, தமிழ், 😀, 'one' \"two\" \\three\nfour\tfive "
WAIT_SECONDS = 0.2


def make() -> int:
    """A patient with ten visits, all long cold, each with a note. Returns the id."""
    servers = databases.current()
    first = utc_now() - timedelta(days=servers.settings.visit_hot_days * 2 + VISITS)
    with databases.write() as session:
        patient = Patient(name=NAME, sex="unknown", birth_on=BORN)
        session.add(patient)
        session.flush()
        for number in range(VISITS):
            _add_visit(session, patient.id, number, first + timedelta(days=number))
        picture.begin(session, [patient.id])
        audit.record(session, "patient.registered", by=None, patient_id=patient.id, target=f"patient:{patient.id}",
                     purpose=COMMAND)  # fmt: skip
        return patient.id


def _add_visit(session: Session, patient_id: int, number: int, started_at: date) -> None:
    visit = Visit(
        patient_id=patient_id, class_code="AMB", status=VisitStatus.CLOSED, description=f"Check {number}",
        reason=TEXT, started_at=started_at, ended_at=started_at + timedelta(minutes=20),
    )  # fmt: skip
    session.add(visit)
    session.flush()
    session.add(Note(patient_id=patient_id, visit_id=visit.id, kind="Progress note", author=COMMAND,
                     written_at=started_at, text=TEXT * (number + 1)))  # fmt: skip


def left_behind() -> list[int]:
    """The patients that earlier runs have made and not taken away: by name and day, if no row is anybody else's."""
    with databases.read(Store.HOT) as session:
        found = select(Patient.id).where(Patient.name == NAME, Patient.birth_on == BORN).order_by(Patient.id)
        return [patient_id for patient_id in session.scalars(found) if _is_ours(session, patient_id)]


def _is_ours(session: Session, patient_id: int) -> bool:
    others = (
        select(Account.id).where(Account.patient_id == patient_id),
        select(Report.id).where(Report.patient_id == patient_id),
        select(Note.id).where(Note.patient_id == patient_id, Note.author != COMMAND),
    )
    visits = session.scalar(select(func.count()).select_from(Visit).where(Visit.patient_id == patient_id)) or 0
    return visits <= VISITS and all(session.scalar(query.limit(1)) is None for query in others)


def take_away(patient_id: int, until: float) -> int:
    """Erase the patient from every tier, as any patient is erased. Returns the rows. Raises RunUnderWay, Unfinished.

    What stays is what says that it was done: events, the erasure, the runs and batches without their rows.
    """
    for run_id in _open_runs(patient_id):
        _give_up(run_id, until)
    with databases.write() as session:
        begun = erasure.erase_patient(session, patient_id=patient_id, reason=COMMAND, by=None)
    outbox.relay()
    erase.erase(begun.id)
    with databases.read(Store.HOT) as session:
        return session.get_one(Erasure, begun.id).rows


class Unfinished(Exception):
    """Something was not done within its time; the message says what."""


def _open_runs(patient_id: int) -> list[int]:
    with databases.read(Store.HOT) as session:
        mine = (ArchiveRun.scope == f"patient:{patient_id}", ArchiveRun.state != RunState.DONE)
        return list(session.scalars(select(ArchiveRun.id).where(*mine).order_by(ArchiveRun.id)))


def _give_up(run_id: int, until: float) -> None:
    """End a run that did not get to its end: what its batches have anywhere is erased next, so they count as purged."""
    while time.monotonic() < until:
        with suppress(outbox.NotNow), heartbeat.hold(run_id), databases.write() as session:
            moving = (Batch.run_id == run_id, Batch.state.not_in(SETTLED))
            session.execute(update(Batch).where(*moving).values(state=BatchState.PURGED, updated_at=utc_now()))
            ended = {"state": RunState.DONE, "reason": f"given up by {COMMAND}", "finished_at": utc_now()}
            session.execute(update(ArchiveRun).where(ArchiveRun.id == run_id).values(ended))
            return
        time.sleep(WAIT_SECONDS)
    raise Unfinished(f"another worker still drives run {run_id}")
