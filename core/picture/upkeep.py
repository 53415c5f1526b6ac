"""Keeping pictures right: each writer of observations calls `refresh`, or `begin` for a new patient, as it writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.models import utc_now
from core.picture import full_read
from core.picture.packed import UnknownFormat, pack, unpack
from core.picture.values import Value, Values, change, keep
from core.stores import archived
from core.stores.tables import hot_table

TABLE = hot_table("patient_picture")
NOTHING = b""


def begin(session: Session, patient_ids: Collection[int]) -> None:
    """Make the pictures of patients who are new in this transaction, from the rows that they have by now."""
    session.flush()
    _insert(session, full_read.hot(session, patient_ids))


def refresh(session: Session, patient_id: int, *, observation_ids: Collection[int]) -> None:
    """Bring a picture up to date with rows that this transaction has added, changed or removed.

    Call it last: it locks the picture until the transaction ends. Where older values of a silent archive are needed,
    the picture is marked as stale; pages say so and a job rebuilds it.
    """
    session.flush()
    kept = _locked(session, patient_id)
    gone, apart = frozenset(observation_ids), full_read.apart(session, [patient_id])[patient_id]
    changed = change(kept.values, gone, full_read.written(session, patient_id, gone), apart)
    unsure = frozenset() if kept.stale_at is not None else changed.unsure
    _store(session, patient_id, _with_older(session, patient_id, changed.values, unsure, apart))


def refresh_all(session: Session, patient_id: int) -> None:
    """Bring a picture up to date after what counts as kept apart has changed: it reads every tier."""
    session.flush()
    kept = _locked(session, patient_id)
    values = kept.values
    apart = full_read.apart(session, [patient_id])[patient_id]
    assay_ids = frozenset(value.assay_id for value in values)
    _store(session, patient_id, {} if kept.stale_at else _with_older(session, patient_id, values, assay_ids, apart))


def refresh_visit(session: Session, patient_id: int, visit_id: int) -> None:
    """Bring a picture up to date after a visit was entered in error: its values count no longer."""
    session.flush()
    kept = _locked(session, patient_id)
    values = kept.values
    gone = frozenset(value.id for value in values if value.visit_id == visit_id)
    apart = full_read.apart(session, [patient_id])[patient_id]
    changed = change(values, gone, (), apart)
    unsure = frozenset() if kept.stale_at is not None else changed.unsure
    _store(session, patient_id, _with_older(session, patient_id, changed.values, unsure, apart))


def read_again(session: Session, patient_id: int, assay_ids: Collection[int] | None) -> None:
    """Bring a picture up to date after rows of whatever tier count again: reads these assays, or all, in every tier.

    Raises ColdUnavailable: whoever saw the row has just read its tier.
    """
    session.flush()
    kept = _locked(session, patient_id)
    apart = full_read.apart(session, [patient_id])[patient_id]
    again = full_read.of_assays(session, patient_id, assay_ids)
    others = [value for value in kept.values if assay_ids is not None and value.assay_id not in assay_ids]
    _store(session, patient_id, {"content": pack(keep([*others, *again], apart))})


def wait_for(session: Session, patient_ids: Collection[int]) -> None:
    """Give patients without a picture one that is stale, so that writers and a rebuild take turns at it."""
    there = set(session.scalars(select(TABLE.c.patient_id).where(TABLE.c.patient_id.in_(patient_ids))))
    missing = sorted(set(patient_ids) - there)
    if missing:
        now = utc_now()
        rows = [{"patient_id": patient_id, "content": NOTHING, "stale_at": now} for patient_id in missing]
        session.execute(insert(TABLE), rows)


def _with_older(
    session: Session, patient_id: int, values: Values, unsure: Collection[int], apart: frozenset[int]
) -> Mapping[str, Any]:
    """What to store, the unsure assays read anew."""
    if not unsure:
        return {"content": pack(values)}
    try:
        older = full_read.of_assays(session, patient_id, unsure)
    except archived.ColdUnavailable:
        return {"content": pack(values), "stale_at": utc_now()}
    sure = [value for value in values if value.assay_id not in unsure]
    return {"content": pack(keep([*sure, *older], apart))}


@dataclass(frozen=True)
class _Kept:
    values: Values
    stale_at: datetime | None


def _locked(session: Session, patient_id: int) -> _Kept:
    """What is kept of a patient; a picture that can't be read is one that was never built."""
    found = _row(session, patient_id)
    try:
        return _Kept(unpack(found.content), found.stale_at)
    except UnknownFormat:
        now = utc_now()
        _store(session, patient_id, {"content": NOTHING, "stale_at": now})
        return _Kept((), now)


def _row(session: Session, patient_id: int) -> Row[Any, Any]:
    query = select(TABLE.c.content, TABLE.c.stale_at).where(TABLE.c.patient_id == patient_id).with_for_update()
    found = session.execute(query).first()
    if found is None:
        try:
            with session.begin_nested():
                wait_for(session, [patient_id])
        except IntegrityError:
            pass
        found = session.execute(query).one()
    return found


def _insert(session: Session, pictures: Mapping[int, Sequence[Value]]) -> None:
    rows = [{"patient_id": patient_id, "content": pack(values)} for patient_id, values in pictures.items()]
    if rows:
        session.execute(insert(TABLE), rows)


def _store(session: Session, patient_id: int, values: Mapping[str, Any]) -> None:
    """A rebuild that has read older rows finds another version, and reads again."""
    mine = update(TABLE).where(TABLE.c.patient_id == patient_id)
    session.execute(mine.values(**values, updated_at=utc_now(), version=TABLE.c.version + 1))
