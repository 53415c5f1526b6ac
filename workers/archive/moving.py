"""A batch's release under way: what it shares between its quick way and its careful one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from core.models import ArchiveRun, Batch, BatchKind
from core.models.record_types import RECORD_TYPES, RecordType
from core.staging import ObjectStore
from workers.archive import selection, stragglers
from workers.archive.files import Manifest
from workers.archive.stragglers import NO_PATIENT


@dataclass(frozen=True)
class Moving:
    """The caller's transaction on the primary, which holds the batch.

    The temporary table `releasing` has the roots that go, or whose late children go, with patient and time;
    `released` counts the children that went, by patient.
    """

    session: Session
    batch: Batch
    run_: ArchiveRun
    store: ObjectStore
    manifest: Manifest

    @property
    def record_type(self) -> RecordType:
        return RECORD_TYPES[self.batch.record_type]

    @property
    def connection(self) -> Connection:
        return self.session.connection()

    @property
    def is_late(self) -> bool:
        """Whether the roots have gone before."""
        return self.batch.kind == BatchKind.STRAGGLERS

    def run(self, sql: str, **values: object) -> int:
        """Execute; returns the rows touched."""
        return int(self.session.execute(text(sql), values).rowcount)  # type: ignore[attr-defined]

    def choose_range(self) -> None:
        """Fill `releasing` with the batch's roots as they are eligible now."""
        kind = self.record_type
        roots = selection.of_range(self.batch, self.run_).roots
        self._make(
            f"SELECT t.id, coalesce(t.{kind.patient_column}, {NO_PATIENT}) AS patient_id, t.{kind.time_column} AS at"
            f" FROM {kind.root.name} t WHERE t.id IN ({roots})"
        )

    def choose(self, found: str) -> None:
        """Fill `releasing` with the hot roots that a query names by id."""
        kind = self.record_type
        self._make(
            f"SELECT t.id, coalesce(t.{kind.patient_column}, {NO_PATIENT}) AS patient_id, t.{kind.time_column} AS at"
            f" FROM {kind.root.name} t JOIN ({found}) f ON f.id = t.id"
        )

    def choose_archived(self, owned: dict[int, int]) -> None:
        """Fill `releasing` with roots that the archive has, each with its patient."""
        self._make("SELECT id, patient_id, CAST(NULL AS timestamptz) AS at"
                   " FROM unnest(CAST(:ids AS bigint[]), CAST(:patients AS bigint[])) AS o(id, patient_id)",
                   ids=list(owned), patients=list(owned.values()))  # fmt: skip

    def choose_late(self) -> None:
        """Fill `releasing` with the batch's archived roots that have late children now."""
        self.choose_archived(stragglers.archived_roots(self.session, self.batch))

    def _make(self, query: str, **values: object) -> None:
        self.run(f"CREATE TEMP TABLE releasing ON COMMIT DROP AS {query}", **values)
        self.run("CREATE TEMP TABLE released (patient_id bigint, rows bigint) ON COMMIT DROP")
        self.run("ANALYZE releasing")
