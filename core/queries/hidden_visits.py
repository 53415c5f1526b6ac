"""Leaving out the rows of visits that are hidden from a reader."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Table, bindparam, exists, not_, or_, select, true
from sqlalchemy.orm import Session

from core.engines.functions import written_out
from core.models import SensitiveVisit

VisitIds = Set[int]
# Earlier events of this action carry the visit's category, which tells what the visit was about.
KEPT_APART = "visit.kept_apart"
NO_VISITS: VisitIds = frozenset()
HIDDEN = bindparam("hidden", type_=BigInteger(), expanding=True, literal_execute=True)


def kept_apart(session: Session, patient_id: int) -> VisitIds:
    """All visits of the patient that are hidden from somebody."""
    return frozenset(session.scalars(select(SensitiveVisit.visit_id).where(SensitiveVisit.patient_id == patient_id)))


def is_open_to_all(visit: Table) -> ColumnElement[bool]:
    """The condition on hot visits that one is hidden from nobody."""
    return not_(exists(SensitiveVisit.visit_id).where(SensitiveVisit.visit_id == visit.c.id))


def reasons_apart(session: Session, patient_id: int) -> dict[int | None, str]:
    """Why each visit of the patient that is hidden from somebody is so."""
    return {row.visit_id: row.category for row in session.execute(reasons(patient_id))}


def reasons(patient_id: int) -> Select[int, str]:
    """Each visit that is kept apart, and why."""
    mine = SensitiveVisit.patient_id == patient_id
    return select(SensitiveVisit.visit_id, SensitiveVisit.category).where(mine)


def is_visible(table: Table, hidden_visits: VisitIds) -> ColumnElement[bool]:
    """The condition that a row may be shown, hot or archived; what no visit has, as an allergy, is no visit's."""
    if not hidden_visits or (table.name != "visit" and "visit_id" not in table.c):
        return true()
    visit_id = table.c.id if table.name == "visit" else table.c.visit_id
    return or_(visit_id.is_(None), visit_id.not_in(written_out(sorted(hidden_visits))))


def is_seen(table: Table, *, any_hidden: bool) -> ColumnElement[bool]:
    """`is_visible` for a statement that is made once: which visits are hidden is told as it is asked."""
    if not any_hidden:
        return true()
    visit_id = table.c.id if table.name == "visit" else table.c.visit_id
    return or_(visit_id.is_(None), visit_id.not_in(HIDDEN))


def told(hidden_visits: VisitIds) -> dict[str, Any]:
    """What is told to such a statement."""
    return {HIDDEN.key: sorted(hidden_visits)} if hidden_visits else {}


def purpose_shown(action: str, purpose: str | None) -> str | None:
    """An event's purpose as readers of the trail see it."""
    return None if action == KEPT_APART else purpose
