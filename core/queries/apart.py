"""Leaving out what belongs to visits that are kept apart from a reader."""

from __future__ import annotations

from collections.abc import Set

from sqlalchemy import ColumnElement, Table, or_, true

Visits = Set[int]
NONE: Visits = frozenset()


def shown(table: Table, apart: Visits) -> ColumnElement[bool]:
    """The condition on visits, or on a table of what was done at them, hot or cold, that a row may be shown."""
    if not apart:
        return true()
    visit_id = table.c.id if table.name == "visit" else table.c.visit_id
    return or_(visit_id.is_(None), visit_id.not_in(sorted(apart)))
