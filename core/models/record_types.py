"""The record types that archives hold. One list: adding a type touches this file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    and_,
    case,
    cast,
    null,
)
from sqlalchemy.dialects.mssql import VARBINARY

from core.models.audit import AccessEvent
from core.models.base import NAMING, Base
from core.models.clinical import (
    PENDING,
    Condition,
    ConditionStatus,
    Note,
    Observation,
    Prescription,
    PrescriptionStatus,
    Visit,
    VisitStatus,
)
from core.models.reports import (
    Check,
    Citation,
    Claim,
    Evidence,
    ModelCall,
    Omission,
    Report,
    ReportEvent,
    ReportState,
    Signature,
)
from core.settings.config import Settings

NO_TIME: ColumnElement[Any] = cast(null(), DateTime(timezone=True))


@dataclass(frozen=True)
class Child:
    """A table that moves with its root, by the column that names the root; rows that `only` excludes stay hot."""

    table: Table
    root_column: str
    only: Callable[[Table], ColumnElement[bool]] | None = None


@dataclass(frozen=True)
class RecordType:
    """What moves as one: a root, its children, when the root is cold, and the server that takes it.

    What is `sealed` has its contents told by an event of the trail when it leaves; events are proved one by one.
    `shown_at`: when pages of a record say that a root was, NULL of a root that no such page shows.
    """

    name: str
    server: str
    root: Table
    time_column: str
    patient_column: str
    hot_days: Callable[[Settings], int]
    shown_at: Callable[[Table], ColumnElement[Any]]
    closed: Callable[[Table], ColumnElement[bool]] | None = None
    children: tuple[Child, ...] = ()
    sealed: bool = True

    @property
    def tables(self) -> tuple[Table, ...]:
        """The root, then its children."""
        return (self.root, *(child.table for child in self.children))

    def cutoff(self, as_of: datetime, settings: Settings) -> datetime:
        """Roots whose time is before this instant are cold."""
        return as_of - timedelta(days=self.hot_days(settings))

    def is_cold(self, cutoff_at: datetime) -> ColumnElement[bool]:
        """The condition on the root table that a root is cold. It does not look at legal holds."""
        cold = self.root.c[self.time_column] < cutoff_at
        return and_(cold, self.closed(self.root)) if self.closed is not None else cold


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]


CLOSED_REPORTS = (ReportState.SIGNED, ReportState.REJECTED, ReportState.WITHDRAWN)

LOG = RecordType(
    name="log",
    server="logs",
    root=_table(AccessEvent),
    time_column="at",
    patient_column="patient_id",
    hot_days=lambda settings: settings.log_hot_days,
    shown_at=lambda table: table.c.at,
    sealed=False,
)

KEPT_HOT = (PrescriptionStatus.ACTIVE, *PENDING)

VISIT = RecordType(
    name="visit",
    server="visits",
    root=_table(Visit),
    time_column="ended_at",
    patient_column="patient_id",
    hot_days=lambda settings: settings.visit_hot_days,
    shown_at=lambda table: table.c.started_at,
    closed=lambda table: table.c.status == VisitStatus.CLOSED,
    children=(
        Child(_table(Note), "visit_id"),
        Child(_table(Observation), "visit_id"),
        Child(_table(Prescription), "visit_id", only=lambda table: table.c.status.not_in(KEPT_HOT)),
        Child(_table(Condition), "visit_id", only=lambda table: table.c.status != ConditionStatus.ACTIVE),
    ),
)

REPORT = RecordType(
    name="report",
    server="reports",
    root=_table(Report),
    time_column="closed_at",
    patient_column="patient_id",
    hot_days=lambda settings: settings.report_hot_days,
    shown_at=lambda table: case((table.c.state == ReportState.SIGNED, table.c.closed_at), else_=NO_TIME),
    closed=lambda table: table.c.state.in_(CLOSED_REPORTS),
    children=tuple(
        Child(_table(model), "report_id")
        for model in (Evidence, Claim, Citation, Check, Omission, ModelCall, Signature, ReportEvent)
    ),
)

RECORD_TYPES = {record_type.name: record_type for record_type in (LOG, VISIT, REPORT)}
SEALED_TYPES = tuple(record_type for record_type in RECORD_TYPES.values() if record_type.sealed)

BATCH_COLUMN = "batch_id"
# The column of each archived table that names its root.
ROOT_COLUMNS = {
    name: column
    for kind in RECORD_TYPES.values()
    for name, column in [(kind.root.name, "id"), *((child.table.name, child.root_column) for child in kind.children)]
}


def _make_archive_table(table: Table, metadata: MetaData, record_type: RecordType) -> Table:
    columns = [
        # A row keeps its id when it moves here.
        Column(column.name, column.type, primary_key=column.name == "id", autoincrement=False, nullable=column.nullable)
        for column in table.columns
    ]
    copy = Table(table.name, metadata, *columns, Column(BATCH_COLUMN, BigInteger, nullable=False))
    Index(None, copy.c[BATCH_COLUMN])
    if table is record_type.root:
        Index(None, copy.c[record_type.time_column], copy.c.id)
    root_columns = {child.table.name: child.root_column for child in record_type.children}
    if table.name in root_columns:
        Index(None, copy.c[root_columns[table.name]])
    if "patient_id" in copy.c:
        time = next(
            (name for name in (record_type.time_column, "observed_at", "written_at", "started_at") if name in copy.c),
            None,
        )
        Index(None, copy.c.patient_id, *([copy.c[time]] if time else []))
    return copy


DEPARTED = "departed_row"


def _make_departed_table(metadata: MetaData) -> Table:
    """What is kept of a row that left a sealed batch by an erasure or a purge: a hash, which a key opens."""
    return Table(
        DEPARTED,
        metadata,
        Column(BATCH_COLUMN, BigInteger, primary_key=True, autoincrement=False),
        Column("table_name", String(40), primary_key=True),
        Column("row_id", BigInteger, primary_key=True, autoincrement=False),
        # About 75 bytes for each version of the table's hashed columns.
        Column("kept", LargeBinary().with_variant(VARBINARY(2_000), "mssql"), nullable=False),
    )


def _archive_metadata(server: str) -> MetaData:
    metadata = MetaData(naming_convention=NAMING)
    for record_type in RECORD_TYPES.values():
        if record_type.server == server:
            for table in record_type.tables:
                _make_archive_table(table, metadata, record_type)
            if record_type.sealed:
                _make_departed_table(metadata)
    return metadata


SERVERS = ("logs", "visits", "reports")
ARCHIVE_METADATA = {server: _archive_metadata(server) for server in SERVERS}

# By server, the tables that take rows of the primary: those that the primary reads by links.
TAKING = {
    server: [table for table in metadata.tables.values() if table.name != DEPARTED]
    for server, metadata in ARCHIVE_METADATA.items()
}


def archive_table(table: Table) -> Table:
    """The table of an archive server that takes a hot table's rows."""
    return next(metadata.tables[table.name] for metadata in ARCHIVE_METADATA.values() if table.name in metadata.tables)
