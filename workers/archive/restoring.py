"""A restore under way: the archive's rows in temporary tables on the primary, and what their return changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Table, text
from sqlalchemy.orm import Session

from core import db
from core.models import Batch, BatchState, utc_now
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES, ROOT_COLUMNS, RecordType


@dataclass(frozen=True)
class Restoring:
    """The caller's transaction on the primary.

    `restoring_NAME` holds a table's rows with their archive batch and content hash; `restoring_rows` names them all.
    """

    session: Session
    batch: Batch

    @property
    def record_type(self) -> RecordType:
        return RECORD_TYPES[self.batch.record_type]

    def run(self, sql: str, **values: object) -> int:
        """Execute; returns the rows touched."""
        return int(self.session.execute(text(sql), values).rowcount)  # type: ignore[attr-defined]

    def copy(self, archive: Connection, table: Table, query: str) -> None:
        """Fill a table's `restoring_NAME` with what a query on the archive server finds."""
        adapter, name = db.databases().adapter, f"restoring_{table.name}"
        self.run(f"CREATE TEMP TABLE {name} (LIKE {table.name}, {BATCH_COLUMN} bigint, row_hash bytea) ON COMMIT DROP")
        columns = [*table.columns.keys(), BATCH_COLUMN, "row_hash"]
        with adapter.copy_out(archive, query) as lines:
            adapter.copy_in(self.session.connection(), name, columns, lines)
        self.run(f"CREATE INDEX ON {name} (id)")
        self.run(f"ANALYZE {name}")

    def count(self) -> None:
        """Note, before rows that are hot already are left out, what leaves the archive."""
        kind = self.record_type
        rows = " UNION ALL ".join(
            f"SELECT {ROOT_COLUMNS[table.name]} AS root_id, {BATCH_COLUMN} FROM restoring_{table.name}"
            for table in kind.tables
        )
        self.run(f"CREATE TEMP TABLE restoring_rows ON COMMIT DROP AS {rows}")
        self.run(
            "CREATE TEMP TABLE restoring_roots ON COMMIT DROP AS"
            f" SELECT id AS root_id, {kind.patient_column} AS patient_id FROM restoring_{kind.root.name}"
        )
        self.batch.roots = self.session.scalar(text("SELECT count(*) FROM restoring_roots")) or 0
        self.batch.rows = self.session.scalar(text("SELECT count(*) FROM restoring_rows")) or 0

    def mark_batches(self) -> None:
        """Count what the archive's batches have lost; one that has nothing left is restored."""
        self.run(
            "UPDATE batch b SET departed_rows = b.departed_rows + n.rows, state = CASE"
            " WHEN b.departed_rows + n.rows >= b.released_rows THEN :restored ELSE b.state END"
            f" FROM (SELECT {BATCH_COLUMN}, count(*) AS rows FROM restoring_rows GROUP BY 1) n"
            f" WHERE b.id = n.{BATCH_COLUMN}",
            restored=BatchState.RESTORED,
        )

    def mark_roots(self) -> None:
        """Say of each root that hot owns it."""
        in_part = (
            f"EXISTS (SELECT 1 FROM restoring_rows n JOIN batch b ON b.id = n.{BATCH_COLUMN}"
            " WHERE n.root_id = r.root_id AND b.state <> :restored)"
        )
        now, keep = utc_now(), timedelta(days=db.databases().settings.restored_keep_days)
        self.run(
            "INSERT INTO restored_root (record_type, root_id, batch_id, patient_id, by_id, restored_at, keep_until)"
            f" SELECT :type, r.root_id, :batch, r.patient_id, {in_part}, :now, :keep_until FROM restoring_roots r"
            " ON CONFLICT (record_type, root_id) DO UPDATE SET batch_id = excluded.batch_id, by_id = excluded.by_id,"
            " restored_at = excluded.restored_at, keep_until = excluded.keep_until, purged_at = NULL",
            type=self.batch.record_type,
            batch=self.batch.id,
            restored=BatchState.RESTORED,
            now=now,
            keep_until=now + keep,
        )
