"""Which rows count: all but those that were entered in error, whatever tier they are in (docs/adr/0023)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from sqlalchemy import ColumnElement, Table, and_, exists, not_, or_, select, true
from sqlalchemy.orm import Session

from core.engines.functions import any_of, written_out
from core.models import Correction
from core.stores.once import once

VISIT = "visit"
OF_VISITS = frozenset({"note", "observation", "prescription", "condition", "statement"})
TABLES = frozenset({VISIT, "allergy", *OF_VISITS})


@cache
def counts(table: Table) -> ColumnElement[bool]:
    """The condition on a hot table that a row counts: the database looks itself."""
    if table.name not in TABLES:
        return true()
    named = and_(Correction.row_type == table.name, Correction.row_id == table.c.id)
    if table.name in OF_VISITS:
        named = or_(named, and_(Correction.row_type == VISIT, Correction.row_id == table.c.visit_id))
    return not_(exists(Correction.id).where(Correction.patient_id == table.c.patient_id, Correction.in_force, named))


@dataclass(frozen=True)
class EnteredInError:
    """The rows of some patients that count no longer, by table; what was written at such a visit goes with it."""

    ids: Mapping[str, frozenset[int]]

    def counts(self, table: Table) -> ColumnElement[bool]:
        """The condition on a table, hot, linked or on its own server, that a row counts."""
        visits, mine = sorted(self.ids.get(VISIT, ())), sorted(self.ids.get(table.name, ()))
        conditions: list[ColumnElement[bool]] = [table.c.id.not_in(written_out(mine))] if mine else []
        if visits and table.name in OF_VISITS:
            conditions.append(or_(table.c.visit_id.is_(None), table.c.visit_id.not_in(written_out(visits))))
        return and_(true(), *conditions)

    def has(self, table: str, row_id: int, visit_id: int | None) -> bool:
        """Whether a row counts no longer."""
        return row_id in self.ids.get(table, ()) or (visit_id is not None and visit_id in self.ids.get(VISIT, ()))


def entered_in_error(session: Session, patient_ids: Collection[int]) -> EnteredInError:
    """The rows of these patients that count no longer, as this session's snapshot has them."""
    wanted = tuple(sorted(patient_ids))
    return once(session, ("entered in error", wanted), lambda: _entered_in_error(session, wanted))


def _entered_in_error(session: Session, patient_ids: Collection[int]) -> EnteredInError:
    query = select(Correction.row_type, Correction.row_id).where(Correction.in_force)
    ids: dict[str, set[int]] = defaultdict(set)
    for row_type, row_id in session.execute(query.where(any_of(Correction.patient_id, patient_ids))):
        ids[row_type].add(row_id)
    return EnteredInError({row_type: frozenset(found) for row_type, found in ids.items()})
