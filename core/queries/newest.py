"""The newest values of each assay for one reader, from the patient's picture: no archive is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, select
from sqlalchemy.orm import Session

from core.engines.functions import Ids, any_of
from core.models import Assay
from core.models.record_types import VISIT
from core.picture import full_read
from core.picture.packed import UnknownFormat, unpack
from core.picture.values import KEPT, Value, Values, by_assay
from core.queries.hidden_visits import NO_VISITS, VisitIds
from core.queries.known_patient import patient_row
from core.stores import hot_and_archived
from core.stores.prepared import rows
from core.stores.tables import hot_table


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
    row = patient_row(session, patient_id)
    if row is None:
        return _Kept((), is_stale=False, is_held=False)
    is_stale = row.content is None or row.stale_at is not None
    is_held = hot_and_archived.held(session, patient_id, VISIT.name) is not None
    try:
        values = unpack(row.content or b"")
    except UnknownFormat:
        # As if it had never been built.
        values, is_stale = (), True
    return _Kept(values, is_stale, is_held)


def _with_more(
    session: Session, patient_id: int, known: Sequence[Value], hidden_visits: VisitIds, *, is_asked: bool
) -> Sequence[Value]:
    if is_asked:
        return full_read.of_assays(session, patient_id, None)
    return [*known, *full_read.hot_beside(session, patient_id, frozenset(hidden_visits))]


def _assays(session: Session, values: Collection[Value]) -> tuple[dict[int, Any], frozenset[int]]:
    """The values' assays by id, and the values whose rows are hot: told here, so that a move changes no picture."""
    if not values:
        return {}, frozenset()
    ids, assay_ids = [value.id for value in values], sorted({value.assay_id for value in values})
    found = rows(session, assays_query(), values=ids, assays=assay_ids)
    return {row.id: row for row in found}, frozenset(row.value_id for row in found if row.value_id is not None)


@cache
def assays_query() -> Select[Any]:
    assay, observation = hot_table("assay"), hot_table("observation")
    is_hot = and_(observation.c.assay_id == assay.c.id, any_of(observation.c.id, bindparam("values", type_=Ids())))
    query = select(assay, observation.c.id.label("value_id")).select_from(assay.outerjoin(observation, is_hot))
    return query.where(any_of(assay.c.id, bindparam("assays", type_=Ids())))


def _newest(assays: Mapping[int, Assay], values: Collection[Value]) -> tuple[Newest, ...]:
    return tuple(
        Newest(assays[assay_id], tuple(mine[:KEPT]), next((value for value in mine if value.is_abnormal), None))
        for assay_id, mine in by_assay(values)
    )
