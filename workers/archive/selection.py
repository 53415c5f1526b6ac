"""A batch's rows, as they are eligible now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, and_, or_, select, true

from core.archiving.eligible import may_move_in
from core.models import ArchiveRun, Batch, BatchKind
from core.models.record_types import RECORD_TYPES, Child, RecordType
from core.stores import databases


@dataclass(frozen=True)
class Selection:
    """Picks a batch's rows on the primary; `roots` gives ids."""

    record_type: RecordType
    roots: Select[int]

    def rows(self, table: Table) -> Select[int]:
        """The ids of a table's rows."""
        if table is self.record_type.root:
            return select(table.c.id).where(table.c.id.in_(self.roots))
        child = child_of(self.record_type, table)
        return select(table.c.id).where(table.c[child.root_column].in_(self.roots), may_leave(child))


def tables_of(batch: Batch) -> tuple[Table, ...]:
    """The tables that a batch moves: stragglers come without their root."""
    record_type = RECORD_TYPES[batch.record_type]
    return record_type.tables if batch.kind == BatchKind.ROOTS else record_type.tables[1:]


def of_range(batch: Batch, run: ArchiveRun) -> Select[int]:
    """The ids of the cold, free roots of a batch's range."""
    record_type = RECORD_TYPES[batch.record_type]
    return select(record_type.root.c.id).where(in_range(batch), may_move_in(run, record_type))


def in_range(batch: Batch) -> ColumnElement[bool]:
    """The condition on the root table that a batch's range includes it."""
    record_type = RECORD_TYPES[batch.record_type]
    if batch.first_place is not None and batch.last_place is not None:
        lies_within = databases.current().adapter.layout.lies_within
        return lies_within(record_type.root, batch.first_place, batch.last_place)
    at, row_id = record_type.root.c[record_type.time_column], record_type.root.c.id
    return and_(
        at >= batch.first_at,
        at <= batch.last_at,
        or_(at > batch.first_at, row_id >= batch.first_id),
        or_(at < batch.last_at, row_id <= batch.last_id),
    )


def child_of(record_type: RecordType, table: Table) -> Child:
    """The entry of a child table in its record type."""
    return next(child for child in record_type.children if child.table is table)


def may_leave(child: Child) -> ColumnElement[bool]:
    """The condition that a child row may leave the primary."""
    return child.only(child.table) if child.only is not None else true()


def columns_like(table: Table, *more: Column[Any]) -> list[Column[Any]]:
    """Columns for a temporary table that takes a table's rows as they are, and more."""
    return [*(Column(column.name, column.type, autoincrement=False) for column in table.columns), *more]
