"""The clinic that a patient's holding names: that of the newest archived visit at one, looked up in the archive.

Holdings that were made before they could name one name none until then; a release keeps them right from then on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Select, Table, func, select, update
from sqlalchemy.orm import Session

from core.engines.functions import any_of
from core.models import Holding
from core.models.record_types import VISIT, archive_table
from core.picture.rebuild import chunks
from core.stores import archived, databases
from core.stores.archived import Window
from core.stores.databases import Store

# By patient: a clinic, and the visit at it.
Clinics = dict[int, tuple[int, int]]


def fill_all(on_progress: Callable[[int], None] = lambda done: None) -> int:
    """Have every holding of visits name the right clinic; returns how many were changed.

    For a process that reaches the archive server itself; raises what that server raises. Can be stopped and run again.
    """
    looked_at = changed = 0
    for patient_ids in chunks(Holding.patient_id, Holding.record_type == VISIT.name):
        changed += fill(patient_ids)
        looked_at += len(patient_ids)
        on_progress(looked_at)
    return changed


def fill(patient_ids: Collection[int]) -> int:
    """The same of these patients, in one transaction; one whose holding changes meanwhile is left as it is."""
    with databases.read(Store.HOT) as session:
        told, found = _told(session, patient_ids), _found(session, patient_ids)
    with databases.write() as session:
        return sum(
            _name(session, patient_id, told[patient_id], *clinic)
            for patient_id, clinic in sorted(found.items())
            if patient_id in told and told[patient_id] != clinic[1]
        )


def unnamed(count: int) -> tuple[int, list[int]]:
    """Of so many neighbours by chance whose holding names no clinic: how many there are, and who has one archived."""
    with databases.read(Store.HOT) as session:
        highest = session.scalar(select(func.max(Holding.patient_id)).where(Holding.record_type == VISIT.name)) or 0
        start = random.randint(0, highest)  # noqa: S311
        query = select(Holding.patient_id).where(Holding.record_type == VISIT.name, Holding.clinic_id.is_(None))
        near = query.where(Holding.patient_id >= start - count).order_by(Holding.patient_id).limit(count)
        looked_at = list(session.scalars(near))
        return len(looked_at), sorted(_found(session, looked_at)) if looked_at else []


def _name(session: Session, patient_id: int, old: int | None, clinic_id: int, visit_id: int) -> int:
    mine = update(Holding).where(Holding.patient_id == patient_id, Holding.record_type == VISIT.name)
    as_read = Holding.clinic_visit_id.is_(None) if old is None else Holding.clinic_visit_id == old
    named = mine.where(as_read).values(clinic_id=clinic_id, clinic_visit_id=visit_id)
    return session.execute(named.returning(Holding.patient_id)).first() is not None


def _told(session: Session, patient_ids: Collection[int]) -> dict[int, int | None]:
    query = select(Holding.patient_id, Holding.clinic_visit_id).where(Holding.record_type == VISIT.name)
    return {row.patient_id: row.clinic_visit_id for row in session.execute(query.where(_among(patient_ids)))}


def _among(patient_ids: Collection[int]) -> Any:
    return any_of(Holding.patient_id, sorted(patient_ids))


def _found(session: Session, patient_ids: Collection[int]) -> Clinics:
    window = archived.window(session, VISIT.name)
    with databases.read(Store(VISIT.server)) as archive:
        rows = archive.execute(newest_query(archive_table(VISIT.root), sorted(patient_ids), window)).all()
    return {row.patient_id: (row.clinic_id, row.id) for row in rows}


def newest_query(visit: Table, patient_ids: Sequence[int], window: Window) -> Select[Any]:
    """Of each patient the newest visit at a clinic that the archive owns."""
    newest_first = (visit.c[VISIT.time_column].desc(), visit.c.id.desc())
    place = func.row_number().over(partition_by=visit.c.patient_id, order_by=newest_first)
    at_clinic = select(visit.c.patient_id, visit.c.clinic_id, visit.c.id, place.label("place"))
    mine = any_of(visit.c.patient_id, patient_ids), visit.c.clinic_id.is_not(None)
    placed = at_clinic.where(*mine, archived.visible(visit, window)).subquery("v").c
    return select(placed.patient_id, placed.clinic_id, placed.id).where(placed.place == 1)
