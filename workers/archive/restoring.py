"""A restore under way: the archive's rows in temporary tables on the primary, and what their return changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    LargeBinary,
    Select,
    Table,
    case,
    exists,
    false,
    func,
    literal,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from core.engines import Adapter
from core.models import Base, Batch, BatchState, RestoredRoot, utc_now
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES, ROOT_COLUMNS, RecordType
from core.stores import databases
from workers.archive.selection import columns_like

ROW_HASH = "row_hash"
MARKS = ("batch_id", "by_id", "restored_at", "keep_until", "purged_at")


@dataclass
class Restoring:
    """The caller's transaction on the primary.

    Temporary tables: `copies`, by name, have a table's rows with their archive batch and content hash; `rows` names
    them all by root and batch, `roots` the roots with their patients.
    """

    session: Session
    batch: Batch
    copies: dict[str, Table] = field(default_factory=dict)
    rows: Table = field(init=False)
    roots: Table = field(init=False)

    @property
    def record_type(self) -> RecordType:
        return RECORD_TYPES[self.batch.record_type]

    @property
    def connection(self) -> Connection:
        return self.session.connection()

    @property
    def _adapter(self) -> Adapter:
        return databases.current().adapter

    def copy(self, archive: Connection, table: Table, query: Select[Any]) -> None:
        """Fill a table's copy with what a query on the archive server finds."""
        more = (Column(BATCH_COLUMN, BigInteger), Column(ROW_HASH, LargeBinary))
        copy = self._adapter.row_sets.temporary(self.connection, f"restoring_{table.name}", columns_like(table, *more))
        columns = [*table.columns.keys(), BATCH_COLUMN, ROW_HASH]
        with self._adapter.loading.copy_out(archive, query) as lines:
            self._adapter.loading.copy_in(self.connection, copy, columns, lines)
        self._adapter.row_sets.index(self.connection, copy, "id")
        self.copies[table.name] = copy

    def count(self) -> None:
        """Note, before rows that are hot already are left out, what leaves the archive."""
        kind = self.record_type
        named = [
            select(copy.c[ROOT_COLUMNS[name]].label("root_id"), copy.c[BATCH_COLUMN])
            for name, copy in self.copies.items()
        ]
        columns = [Column("root_id", BigInteger, autoincrement=False), Column(BATCH_COLUMN, BigInteger)]
        every = union_all(*named).subquery()
        self.rows = self._adapter.row_sets.temporary(self.connection, "restoring_rows", columns, select(every))
        root = self.copies[kind.root.name]
        columns = [Column("root_id", BigInteger, autoincrement=False), Column("patient_id", BigInteger)]
        patients = select(root.c.id, root.c[kind.patient_column])
        self.roots = self._adapter.row_sets.temporary(self.connection, "restoring_roots", columns, patients)
        self.batch.roots = self.session.scalar(select(func.count()).select_from(self.roots)) or 0
        self.batch.rows = self.session.scalar(select(func.count()).select_from(self.rows)) or 0

    def mark_batches(self) -> None:
        """Count what the archive's batches have lost; one that has nothing left is restored."""
        lost = select(self.rows.c[BATCH_COLUMN], func.count().label("rows")).group_by(self.rows.c[BATCH_COLUMN])
        left = lost.subquery("n")
        departed = Batch.departed_rows + left.c.rows
        state = case((departed >= Batch.released_rows, BatchState.RESTORED), else_=Batch.state)
        counted = update(Batch).where(Batch.id == left.c[BATCH_COLUMN]).values(departed_rows=departed, state=state)
        self.session.execute(counted, execution_options={"synchronize_session": False})

    def mark_roots(self) -> None:
        """Say of each root that hot owns it."""
        root, row = self.roots.c, self.rows.c
        owning = exists().where(
            Batch.id == row[BATCH_COLUMN], row.root_id == root.root_id, Batch.state != BatchState.RESTORED
        )
        now, keep = utc_now(), timedelta(days=databases.current().settings.restored_keep_days)
        rows = select(
            literal(self.batch.record_type).label("record_type"),
            root.root_id,
            literal(self.batch.id, BigInteger).label("batch_id"),
            root.patient_id,
            case((owning, true()), else_=false()).label("by_id"),
            literal(now).label("restored_at"),
            literal(now + keep).label("keep_until"),
            literal(None, DateTime(timezone=True)).label("purged_at"),
        )
        table = Base.metadata.tables[RestoredRoot.__tablename__]
        self._adapter.row_sets.merge(
            self.connection,
            table,
            rows,
            ["record_type", "root_id"],
            lambda _old, new: {name: new[name] for name in MARKS},
        )
