"""A patient's visits in numbers, and the newest of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import Select, Table, exists, func, not_, select, true
from sqlalchemy.orm import Session

from core.models.record_types import VISIT
from core.queries.hidden_visits import HIDDEN, NO_VISITS, VisitIds, is_seen, is_visible, told
from core.queries.visits import VisitLine, hot_line, lines
from core.stores import hot_and_archived
from core.stores.archived import ColdUnavailable
from core.stores.counted import counts
from core.stores.hot_and_archived import Held
from core.stores.prepared import PATIENT, rows
from core.stores.tables import hot_table


@dataclass(frozen=True)
class Overview:
    """How many visits there are, and the newest hot ones.

    `total` and `since` count archived visits too; `held` is what the archive holds, told without asking it, and
    `archived` how many of these count and are not hidden. `since` is None where only the archive can tell: the first
    that it holds may be one that does not count.
    `has_newer`: of as many of the newest of all as were asked for, the archive has some.
    """

    newest: tuple[VisitLine, ...]
    total: int
    since: datetime | None
    held: Held | None
    archived: int
    has_newer: bool


def overview(
    session: Session,
    patient_id: int,
    *,
    newest: int = 0,
    hidden_visits: VisitIds = NO_VISITS,
    asks_archive: bool = False,
) -> Overview:
    """The patient's visits in numbers, and so many of the newest hot ones, without hidden ones.

    With `asks_archive`, an archive that answers is asked for what only it can tell.
    """
    held = hot_and_archived.held(session, patient_id, VISIT.name)
    found = rows(
        session, overview_query(newest, any_hidden=bool(hidden_visits)), patient=patient_id, **told(hidden_visits)
    )
    figures = found[0]
    archived = max(_archived(held, figures, hidden_visits), 0) if held else 0
    return Overview(
        newest=tuple(hot_line(row._asdict()) for row in found if newest and row.id is not None),
        total=figures.hot + archived,
        since=_since(
            session,
            patient_id,
            figures.first_at,
            held,
            archived=archived,
            hidden_visits=hidden_visits if asks_archive else None,
        ),
        held=held,
        archived=archived,
        has_newer=archived > 0
        and _has_newer(held, [row.started_at for row in found if newest and row.id is not None], newest),
    )


def _since(
    session: Session,
    patient_id: int,
    hot: datetime | None,
    held: Held | None,
    *,
    archived: int,
    hidden_visits: VisitIds | None,
) -> datetime | None:
    """When the first visit was; `hidden_visits` is None if the archive must not be asked."""
    if held is None or archived == 0:
        return hot
    if archived == held.roots:
        return min(hot or held.first_at, held.first_at)
    if hidden_visits is None:
        return None

    def build(table: Table, owned: Select[Any]) -> Select[Any]:
        mine = owned.where(table.c.patient_id == patient_id, is_visible(table, hidden_visits))
        return mine.with_only_columns(func.min(table.c.started_at).label("first_at"), maintain_column_froms=True)

    try:
        found = hot_and_archived.read_archived(session, VISIT.name, "visit", build, patient_id=patient_id)
    except ColdUnavailable:
        return None
    return min(filter(None, (hot, *(row.values["first_at"] for row in found))), default=None)


def _archived(held: Held, figures: Any, hidden_visits: VisitIds) -> int:
    """How many archived visits count and may be shown."""
    hidden = len(hidden_visits) - figures.hot_hidden if hidden_visits else 0
    return held.roots - figures.archived_errors - hidden


def _has_newer(held: Held | None, hot: Sequence[datetime], most: int) -> bool:
    """Whether an archived visit may be among so many of the newest, as the times of the newest hot ones tell."""
    return held is not None and (len(hot) < most or (bool(hot) and held.last_at >= hot[-1]))


def newest_of_all(
    session: Session, patient_id: int, most: int, *, hidden_visits: VisitIds = NO_VISITS
) -> tuple[VisitLine, ...]:
    """So many of the newest visits, hot or archived, newest first, without hidden ones. Raises ColdUnavailable."""
    build = partial(newest_first, patient_id=patient_id, most=most, hidden_visits=hidden_visits)
    found = hot_and_archived.read_both(session, VISIT.name, "visit", build, patient_id=patient_id)
    found.sort(key=lambda item: (item.values["started_at"], item.values["id"]), reverse=True)
    return lines(session, found[:most])


def newest_first(
    table: Table, columns: Select[Any], *, patient_id: int, most: int, hidden_visits: VisitIds
) -> Select[Any]:
    """What `newest_of_all` asks of a tier."""
    query = columns.where(table.c.patient_id == patient_id, is_visible(table, hidden_visits))
    return query.order_by(table.c.started_at.desc(), table.c.id.desc()).limit(most)


@cache
def overview_query(most: int, *, any_hidden: bool) -> Select[Any]:
    """How many hot visits count and the first one's time, how many archived ones do not, and maybe the newest hot ones.

    One row for each of the newest, each with the figures; one row with figures alone where there is none.
    """
    visit, correction = hot_table("visit"), hot_table("correction")
    mine = (visit.c.patient_id == PATIENT, is_seen(visit, any_hidden=any_hidden), counts(visit))
    hot = select(func.count().label("hot"), func.min(visit.c.started_at).label("first_at")).where(*mine).subquery("hot")
    errors = select(func.count(correction.c.row_id.distinct())).where(
        correction.c.patient_id == PATIENT, correction.c.in_force, correction.c.row_type == VISIT.root.name,
        not_(exists(visit.c.id).where(visit.c.id == correction.c.row_id)),
        correction.c.row_id.not_in(HIDDEN) if any_hidden else true(),
    )  # fmt: skip
    query = select(hot.c.hot, hot.c.first_at, errors.scalar_subquery().label("archived_errors"))
    if any_hidden:
        hot_hidden = select(func.count(visit.c.id)).where(visit.c.patient_id == PATIENT, visit.c.id.in_(HIDDEN))
        query = query.add_columns(hot_hidden.scalar_subquery().label("hot_hidden"))
    if not most:
        return query
    clinic, practitioner = hot_table("clinic"), hot_table("practitioner")
    by_time = (visit.c.started_at.desc(), visit.c.id.desc())
    newest = (
        select(visit, clinic.c.name.label("clinic"), practitioner.c.name.label("practitioner"))
        .select_from(
            visit.outerjoin(clinic, clinic.c.id == visit.c.clinic_id).outerjoin(
                practitioner, practitioner.c.id == visit.c.practitioner_id
            )
        )
        .where(*mine)
        .order_by(*by_time)
        .limit(most)
        .subquery("newest")
    )
    query = query.add_columns(*newest.c).select_from(hot.outerjoin(newest, true()))
    return query.order_by(newest.c.started_at.desc(), newest.c.id.desc())
