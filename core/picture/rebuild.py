"""Rebuilding pictures from all tiers, a chunk of patients at a time, and telling whether one is right."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, SQLColumnExpression, func, select, update
from sqlalchemy.exc import IntegrityError

from core.models import Patient, utc_now
from core.picture import full_read, upkeep
from core.picture.packed import UnknownFormat, pack, unpack
from core.picture.values import Values
from core.stores import databases
from core.stores.databases import Store
from core.stores.tables import hot_table

PATIENTS_A_CHUNK = 200
TABLE = hot_table("patient_picture")
TRIES = 3


@dataclass(frozen=True)
class Difference:
    """A picture that is not what the tiers say."""

    patient_id: int
    told: Values
    found: Values


def rebuild(patient_ids: Collection[int]) -> int:
    """Rebuild these patients' pictures in transactions of its own; returns how many.

    A picture that is written meanwhile is left as it is: stale, if it was. For a process that reaches the archive
    server itself; raises what that server raises.
    """
    _make_places(patient_ids)
    with databases.read(Store.HOT) as session:
        query = select(TABLE.c.patient_id, TABLE.c.version).where(TABLE.c.patient_id.in_(patient_ids))
        versions = {row.patient_id: row.version for row in session.execute(query)}
        pictures = full_read.all_tiers(session, sorted(versions)) if versions else {}
    with databases.write() as session:
        done = 0
        for patient_id, version in sorted(versions.items()):
            as_read = update(TABLE).where(TABLE.c.patient_id == patient_id, TABLE.c.version == version)
            values = {"content": pack(pictures[patient_id]), "stale_at": None, "updated_at": utc_now()}
            made = session.execute(as_read.values(**values, version=version + 1).returning(TABLE.c.patient_id))
            done += made.first() is not None
    return done


def rebuild_all(on_progress: Callable[[int], None] = lambda done: None) -> int:
    """Rebuild every patient's picture; returns how many. Can be stopped and run again."""
    done = 0
    for patient_ids in chunks(Patient.id):
        done += rebuild(patient_ids)
        on_progress(done)
    return done


def stale(limit: int = PATIENTS_A_CHUNK) -> list[int]:
    """Patients whose pictures wait to be rebuilt, the longest waiting first."""
    query = select(TABLE.c.patient_id).where(TABLE.c.stale_at.is_not(None))
    with databases.read(Store.HOT) as session:
        return list(session.scalars(query.order_by(TABLE.c.stale_at, TABLE.c.patient_id).limit(limit)))


def differences(patient_ids: Collection[int]) -> list[Difference]:
    """The pictures among these that are not what all tiers say, in one snapshot; stale ones don't claim to be."""
    with databases.read(Store.HOT) as session:
        current = select(TABLE.c.patient_id, TABLE.c.content).where(TABLE.c.stale_at.is_(None))
        current = current.where(TABLE.c.patient_id.in_(patient_ids))
        told = {row.patient_id: row.content for row in session.execute(current)}
        found = full_read.all_tiers(session, sorted(told)) if told else {}
    pairs = [(patient_id, _values(content), found[patient_id]) for patient_id, content in sorted(told.items())]
    return [Difference(*pair) for pair in pairs if set(pair[1]) != set(pair[2])]


def _values(content: bytes) -> Values:
    """What a picture holds; nothing, if it can't be read."""
    try:
        return unpack(content)
    except UnknownFormat:
        return ()


def sample(count: int) -> list[int]:
    """Some patients who have a picture: `count` neighbours from a place drawn by chance."""
    with databases.read(Store.HOT) as session:
        highest = session.scalar(select(func.max(TABLE.c.patient_id))) or 0
        start = random.randint(0, highest)  # noqa: S311
        near = select(TABLE.c.patient_id).where(TABLE.c.patient_id >= start - count)
        return list(session.scalars(near.order_by(TABLE.c.patient_id).limit(count)))


def _make_places(patient_ids: Collection[int]) -> None:
    for _ in range(TRIES):
        try:
            with databases.write() as session:
                there = session.scalars(select(Patient.id).where(Patient.id.in_(patient_ids)))
                upkeep.wait_for(session, list(there))
        except IntegrityError:
            # A writer has just made one, or an erasure has taken a patient.
            continue
        return


def chunks(patient_id: SQLColumnExpression[int], *where: ColumnElement[bool]) -> Iterator[list[int]]:
    """Patients by number, some at a time: those of a table's column, where the conditions hold."""
    last = 0
    while True:
        with databases.read(Store.HOT) as session:
            query = select(patient_id).where(*where, patient_id > last).order_by(patient_id).limit(PATIENTS_A_CHUNK)
            ids = list(session.scalars(query))
        if not ids:
            return
        yield ids
        last = ids[-1]
