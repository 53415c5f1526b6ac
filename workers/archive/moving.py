"""A batch's release under way: its staged ids and hashes in temporary tables beside the hot rows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Table, text
from sqlalchemy.orm import Session

from core import db
from core.models import Batch
from core.models.record_types import RECORD_TYPES, RecordType
from core.staging import ObjectStore
from workers.archive.files import StagedTable, id_and_hash, read_lines


@dataclass(frozen=True)
class Moving:
    """The caller's transaction on the primary; temporary tables `moving_NAME` hold staged ids and hashes."""

    session: Session
    batch: Batch

    @property
    def record_type(self) -> RecordType:
        return RECORD_TYPES[self.batch.record_type]

    @property
    def connection(self) -> Connection:
        return self.session.connection()

    def run(self, sql: str, **values: object) -> int:
        """Execute; returns the rows touched."""
        return int(self.session.execute(text(sql), values).rowcount)  # type: ignore[attr-defined]

    def hash_of(self, table: Table, alias: str = "t") -> str:
        """SQL for a row's content hash."""
        return db.databases().adapter.row_hash(table, table.columns.keys(), alias)

    def read_staged(self, store: ObjectStore, table: Table, staged: StagedTable) -> None:
        """Fill a table's `moving_NAME` from its staged file."""
        name = f"moving_{table.name}"
        self.run(f"CREATE TEMP TABLE {name} (id bigint PRIMARY KEY, hash text NOT NULL) ON COMMIT DROP")
        lines = (id_and_hash(line) for line in read_lines(store, self.batch, staged))
        db.databases().adapter.copy_in(self.connection, name, ["id", "hash"], lines)
        self.run(f"ANALYZE {name}")

    def lock(self, table: Table) -> None:
        """Keep the hot rows of `moving_NAME` as they are until the transaction ends."""
        self.run(
            f"SELECT t.id FROM {table.name} t JOIN moving_{table.name} m ON m.id = t.id ORDER BY t.id FOR UPDATE OF t"
        )

    def keep(self, table: Table, condition: str) -> list[tuple[str, int]]:
        """Leave in `moving_NAME` the rows that meet the condition on the primary now; returns the others."""
        matches = f"SELECT 1 FROM {table.name} t WHERE t.id = m.id AND {condition}"
        gone = self.session.scalars(
            text(f"DELETE FROM moving_{table.name} m WHERE NOT EXISTS ({matches}) RETURNING m.id")
        )
        return [(table.name, row_id) for row_id in gone]
