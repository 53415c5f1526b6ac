"""The newest values of each assay for one reader, from the patient's picture: no archive is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from core.engines.functions import any_of
from core.models import Assay, Holding, Observation, Patient, PatientPicture
from core.models.record_types import VISIT
from core.picture import full_read
from core.picture.packed import unpack
from core.picture.values import KEPT, Value, Values, by_assay
from core.queries.hidden_visits import NO_VISITS, VisitIds


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


@dataclass(frozen=True)
class _Kept:
    """A picture's values. With `is_stale` they are right, and more may belong among them."""

    values: Sequence[Value]
    is_stale: bool
    is_held: bool


def newest(
    session: Session, patient_id: int, *, hidden_visits: VisitIds = NO_VISITS, ask_archive: bool = False
) -> Picture:
    """What is newest for a reader from whom these visits are hidden.

    With `ask_archive` nothing is missing: where the picture is stale, the archive is asked. Raises ColdUnavailable.
    """
    kept = _kept(session, patient_id)
    is_asked = kept.is_stale and kept.is_held and ask_archive
    values = kept.values
    if kept.is_stale:
        values = _with_more(session, patient_id, values, hidden_visits, is_asked=is_asked)
    shown = {value.id: value for value in values if value.visit_id not in hidden_visits}
    assays, hot_ids = _assays(session, shown.values())
    return Picture(
        assays=_newest(assays, shown.values()),
        archived_ids=frozenset(shown) - hot_ids if kept.is_held else frozenset(),
        is_incomplete=kept.is_stale and kept.is_held and not is_asked,
    )


def _kept(session: Session, patient_id: int) -> _Kept:
    """The picture and whether an archive holds visits: one query, as a page has many."""
    of_visits = and_(Holding.patient_id == Patient.id, Holding.record_type == VISIT.name)
    query = (
        select(PatientPicture.content, PatientPicture.stale_at, Holding.roots)
        .select_from(Patient)
        .outerjoin(PatientPicture, PatientPicture.patient_id == Patient.id)
        .outerjoin(Holding, of_visits)
        .where(Patient.id == patient_id)
    )
    found = session.execute(query).first()
    if found is None:
        return _Kept((), is_stale=False, is_held=False)
    is_stale = found.content is None or found.stale_at is not None
    return _Kept(unpack(found.content or b""), is_stale, is_held=bool(found.roots))


def _with_more(
    session: Session, patient_id: int, known: Sequence[Value], hidden_visits: VisitIds, *, is_asked: bool
) -> Sequence[Value]:
    if is_asked:
        return full_read.of_assays(session, patient_id, None)
    return [*known, *full_read.hot_beside(session, patient_id, frozenset(hidden_visits))]


def _assays(session: Session, values: Collection[Value]) -> tuple[dict[int, Assay], frozenset[int]]:
    """The values' assays by id, and the values whose rows are hot: told here, so that a move changes no picture."""
    is_hot = and_(Observation.assay_id == Assay.id, any_of(Observation.id, {value.id for value in values}))
    wanted = any_of(Assay.id, {value.assay_id for value in values})
    rows = session.execute(select(Assay, Observation.id).outerjoin(Observation, is_hot).where(wanted)).all()
    return {assay.id: assay for assay, _ in rows}, frozenset(row_id for _, row_id in rows if row_id is not None)


def _newest(assays: Mapping[int, Assay], values: Collection[Value]) -> tuple[Newest, ...]:
    return tuple(
        Newest(assays[assay_id], tuple(mine[:KEPT]), next((value for value in mine if value.is_abnormal), None))
        for assay_id, mine in by_assay(values)
    )
