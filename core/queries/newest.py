"""The newest values of each assay for one reader, from the patient's picture: no archive is asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.engines.functions import any_of
from core.models import Assay, Observation, PatientPicture
from core.models.record_types import VISIT
from core.picture import full_read
from core.picture.packed import unpack
from core.picture.values import KEPT, Value, Values, by_assay
from core.queries.hidden_visits import NO_VISITS, VisitIds
from core.stores import hot_and_archived


@dataclass(frozen=True)
class Newest:
    """One assay's values: `latest` newest first, at most KEPT; `outside`, the newest outside its range, if any."""

    assay: Assay
    latest: Values
    outside: Value | None


@dataclass(frozen=True)
class Picture:
    """The assays, in no order, and the ids of the values whose rows are archived.

    `is_incomplete`: until the picture is rebuilt, values of archived visits may be missing.
    """

    assays: tuple[Newest, ...]
    archived_ids: frozenset[int]
    is_incomplete: bool


def newest(
    session: Session, patient_id: int, *, hidden_visits: VisitIds = NO_VISITS, ask_archive: bool = False
) -> Picture:
    """What is newest for a reader from whom these visits are hidden.

    With `ask_archive` nothing is missing: where the picture is stale, the archive is asked. Raises ColdUnavailable.
    """
    is_held = hot_and_archived.held(session, patient_id, VISIT.name) is not None
    known, is_stale = _kept(session, patient_id)
    is_asked = is_stale and is_held and ask_archive
    if is_stale:
        known = _with_more(session, patient_id, known, hidden_visits, is_asked=is_asked)
    shown = {value.id: value for value in known if value.visit_id not in hidden_visits}
    return Picture(
        assays=_newest(session, shown.values()),
        archived_ids=_archived(session, shown.keys()) if is_held else frozenset(),
        is_incomplete=is_stale and is_held and not is_asked,
    )


def _kept(session: Session, patient_id: int) -> tuple[Sequence[Value], bool]:
    """The picture's values, and whether it is stale: then what it has is right, and more may belong in it."""
    columns = select(PatientPicture.content, PatientPicture.stale_at)
    kept = session.execute(columns.where(PatientPicture.patient_id == patient_id)).first()
    return ((), True) if kept is None else (unpack(kept.content), kept.stale_at is not None)


def _with_more(
    session: Session, patient_id: int, known: Sequence[Value], hidden_visits: VisitIds, *, is_asked: bool
) -> Sequence[Value]:
    if is_asked:
        return full_read.of_assays(session, patient_id, None)
    return [*known, *full_read.hot_beside(session, patient_id, frozenset(hidden_visits))]


def _newest(session: Session, values: Collection[Value]) -> tuple[Newest, ...]:
    ids = {value.assay_id for value in values}
    assays = {assay.id: assay for assay in session.scalars(select(Assay).where(any_of(Assay.id, ids)))}
    return tuple(
        Newest(assays[assay_id], tuple(mine[:KEPT]), next((value for value in mine if value.is_abnormal), None))
        for assay_id, mine in by_assay(values)
    )


def _archived(session: Session, ids: Collection[int]) -> frozenset[int]:
    """Those that no hot row has: whether a row is archived is told here, so that a move changes no picture."""
    return frozenset(ids) - frozenset(session.scalars(select(Observation.id).where(any_of(Observation.id, ids))))
