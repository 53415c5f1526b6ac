"""Restore: bring archived roots back to the primary, in one transaction there.

From the commit on, the primary owns these roots. Their copies stay in the archive for readers with an older snapshot.
`restored_root` marks the copies, so that newer readers leave them out; workers/archive/purge.py removes them later.
"""

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
    delete,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from core.archiving import failpoints, hashes
from core.engines import Adapter
from core.engines.loading import copy_name
from core.models import ArchiveRun, Base, Batch, BatchState, RestoredRoot, utc_now
from core.models.hashed_columns import newest_version
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES, ROOT_COLUMNS, RecordType, archive_table
from core.stores import archived, databases
from core.stores.archived import Window
from core.stores.databases import Store
from workers.archive import drift, holdings
from workers.archive.restore_plan import roots_of
from workers.archive.retry_policy import Mismatch
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
        copy = self._adapter.row_sets.temporary(self.connection, copy_name(table), columns_like(table, *more))
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
        """Count the rows that each archived batch has lost; a batch that has none left is restored."""
        lost = select(self.rows.c[BATCH_COLUMN], func.count().label("rows")).group_by(self.rows.c[BATCH_COLUMN])
        left = lost.subquery("n")
        departed = Batch.departed_rows + left.c.rows
        state = case((departed >= Batch.released_rows, BatchState.RESTORED), else_=Batch.state)
        counted = update(Batch).where(Batch.id == left.c[BATCH_COLUMN]).values(departed_rows=departed, state=state)
        self.session.execute(counted, execution_options={"synchronize_session": False})

    def mark_roots(self) -> None:
        """Record that the primary owns these roots."""
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


def restore(session: Session, batch: Batch, _run: ArchiveRun) -> int:
    """Insert the unit's rows in the caller's transaction, which holds the batch. Returns the rows. Raises Mismatch."""
    databases.current().adapter.limits.make_room(session.connection())
    kind = RECORD_TYPES[batch.record_type]
    drift.check(session, kind)
    work = Restoring(session, batch)
    _copy(work, kind, archived.window(session, kind.name))
    work.count()
    for table in kind.tables:
        insert_back(work, table)
        failpoints.hit("restore.inserted")
    work.mark_batches()
    work.mark_roots()
    holdings.lower(session, kind, work.roots, work.rows, batch.id)
    return batch.rows


def _copy(work: Restoring, kind: RecordType, seen: Window) -> None:
    roots = roots_of(work.batch, seen).correlate(None)
    with databases.read(Store(kind.server)) as archive:
        databases.current().adapter.limits.make_room(archive.connection())
        for table in kind.tables:
            copied = archive_table(table)
            mine = (copied.c[ROOT_COLUMNS[table.name]].in_(roots), archived.visible(copied, seen))
            query = (
                select(*copied.c, hashes.of_row(table, newest_version(table.name), copied))
                .where(*mine)
                .order_by(copied.c.id)
            )
            work.copy(archive.connection(), table, query)


def insert_back(work: Restoring, table: Table) -> None:
    """Insert a table's rows that the primary lacks, and verify them. Raises Mismatch."""
    copy = work.copies[table.name]
    work.connection.execute(delete(copy).where(copy.c.id == table.c.id))
    databases.current().adapter.loading.insert_copies(work.connection, table, copy)
    differing = work.connection.scalar(
        select(copy.c.id)
        .join_from(copy, table, table.c.id == copy.c.id, isouter=True)
        .where(or_(table.c.id.is_(None), hashes.of_row(table, newest_version(table.name)) != copy.c[ROW_HASH]))
        .order_by(copy.c.id)
        .limit(1)
    )
    if differing is not None:
        raise Mismatch(f"{table.name}:{differing} is not on the primary what it was in the archive; it stays there")
