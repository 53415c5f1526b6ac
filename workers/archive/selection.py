"""A batch's rows in SQL, as they are eligible now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, or_, select

from core import db
from core.db import Store
from core.eligible import may_move
from core.models import ArchiveRun, Batch, BatchKind
from core.models.record_types import RECORD_TYPES, Child, RecordType

NOTHING = "SELECT CAST(NULL AS bigint) AS id WHERE false"


@dataclass(frozen=True)
class Selection:
    """SQL that picks a batch's rows on the primary; `roots` gives ids, of our own making."""

    record_type: RecordType
    roots: str

    def rows(self, table: Table) -> str:
        """`FROM ... WHERE ...` for a table's rows, alias t."""
        if table is self.record_type.root:
            return f"FROM {table.name} t WHERE t.id IN ({self.roots})"
        child = child_of(self.record_type, table)
        return f"FROM {table.name} t WHERE t.{child.root_column} IN ({self.roots}) AND {child_condition(child)}"


def tables_of(batch: Batch) -> tuple[Table, ...]:
    """The tables that a batch moves: stragglers come without their root."""
    record_type = RECORD_TYPES[batch.record_type]
    return record_type.tables if batch.kind == BatchKind.ROOTS else record_type.tables[1:]


def of_range(batch: Batch, run: ArchiveRun) -> Selection:
    """The cold, free roots of a batch's range, with their children."""
    record_type = RECORD_TYPES[batch.record_type]
    query = select(record_type.root.c.id).where(in_range(batch), may_move(record_type, run.cutoff_at))
    return Selection(record_type, sql(query))


def of_ids(record_type: RecordType, ids: Sequence[int]) -> Selection:
    """The children of these roots."""
    listed = ", ".join(f"({int(root_id)})" for root_id in ids)
    roots = f"SELECT v.id FROM (VALUES {listed}) AS v(id)" if ids else NOTHING
    return Selection(record_type, roots)


def in_range(batch: Batch) -> ColumnElement[bool]:
    """The condition on the root table that a batch's range includes it."""
    record_type = RECORD_TYPES[batch.record_type]
    at, row_id = record_type.root.c[record_type.time_column], record_type.root.c.id
    return and_(
        at >= batch.first_at,
        at <= batch.last_at,
        or_(at > batch.first_at, row_id >= batch.first_id),
        or_(at < batch.last_at, row_id <= batch.last_id),
    )


def child_of(record_type: RecordType, table: Table) -> Child:
    """The child that a table is."""
    return next(child for child in record_type.children if child.table is table)


def child_condition(child: Child, alias: str = "t") -> str:
    """The condition that a child row may leave the primary."""
    return sql(child.only(child.table.alias(alias))) if child.only is not None else "true"  # type: ignore[arg-type]


def sql(clause: object) -> str:
    """Text of a clause for COPY, which takes no parameters: its values are numbers, instants and words of our own."""
    dialect = db.databases().engine(Store.HOT, read_only=False).dialect
    return str(clause.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]
