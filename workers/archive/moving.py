"""The release of a batch in progress: what its quick way and its careful way share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Executable,
    Table,
    cast,
    func,
    insert,
    null,
    select,
)
from sqlalchemy.orm import Session

from core.models import ArchiveRun, Batch, BatchKind
from core.models.record_types import RECORD_TYPES, RecordType
from core.staging.contract import ObjectStore
from core.stores import databases
from workers.archive import selection, stragglers
from workers.archive.staged_files import Manifest
from workers.archive.stragglers import NO_PATIENT


@dataclass
class Moving:
    """The caller's transaction on the primary, which holds the batch.

    Temporary tables: `releasing` has the roots that leave, or whose late children leave, with patient, clinic and the
    times of their moving and showing; `released` counts the children that left, by patient; `staged`, by table, have
    the rows as they were staged.
    """

    session: Session
    batch: Batch
    run_: ArchiveRun
    store: ObjectStore
    manifest: Manifest
    releasing: Table = field(init=False)
    released: Table = field(init=False)
    staged: dict[str, Table] = field(default_factory=dict)

    @property
    def record_type(self) -> RecordType:
        return RECORD_TYPES[self.batch.record_type]

    @property
    def connection(self) -> Connection:
        return self.session.connection()

    @property
    def is_late(self) -> bool:
        """Whether the batch has late children, whose roots are archived already."""
        return self.batch.kind == BatchKind.STRAGGLERS

    def run(self, statement: Executable) -> int:
        """Execute; returns the rows touched."""
        return int(self.connection.execute(statement).rowcount)

    def choose_range(self) -> None:
        """Fill `releasing` with the batch's roots as they are eligible now."""
        self.choose(self.record_type.root.c.id.in_(selection.of_range(self.batch, self.run_)))

    def choose(self, condition: ColumnElement[bool]) -> None:
        """Fill `releasing` with the hot roots that meet a condition."""
        kind = self.record_type
        root = kind.root.c
        patient = func.coalesce(root[kind.patient_column], NO_PATIENT)
        clinic_id = root.clinic_id if "clinic_id" in root else cast(null(), BigInteger)
        self._make(
            select(root.id, patient, root[kind.time_column], clinic_id, kind.shown_at(kind.root)).where(condition)
        )

    def choose_archived(self, owned: dict[int, int]) -> None:
        """Fill `releasing` with roots that the archive has, each with its patient."""
        self._make()
        if owned:
            rows = [{"id": root_id, "patient_id": patient_id} for root_id, patient_id in owned.items()]
            self.connection.execute(insert(self.releasing), rows)

    def choose_late(self) -> None:
        """Fill `releasing` with the batch's archived roots that have late children on the primary now."""
        self.choose_archived(stragglers.archived_roots(self.session, self.batch))

    def _make(self, rows: Any = None) -> None:
        adapter = databases.current().adapter
        columns: list[Column[Any]] = [
            Column("id", BigInteger, autoincrement=False),
            Column("patient_id", BigInteger),
            Column("at", DateTime(timezone=True)),
            Column("clinic_id", BigInteger),
            Column("shown_at", DateTime(timezone=True)),
        ]
        self.releasing = adapter.row_sets.temporary(self.connection, "releasing", columns, rows)
        tally = [Column("patient_id", BigInteger, autoincrement=False), Column("rows", BigInteger)]
        self.released = adapter.row_sets.temporary(self.connection, "released", tally)
