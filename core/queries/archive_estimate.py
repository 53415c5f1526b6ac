"""What a run would move now, and about what it takes: time, log and disk; told before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, Table, func, select, true
from sqlalchemy.orm import Session

from core.archiving.eligible import may_move
from core.engines.functions import any_of
from core.models import ArchiveRun, Batch, RunKind, RunState, utc_now
from core.models.record_types import RecordType
from core.settings.config import Settings
from core.stores import databases

SAMPLE_ROOTS = 500
# A run that moved fewer tells nothing of its pace.
PACED_ROWS_MIN = 50_000
# What the primary's log took for a row, of rows laid in any order, and a rate without limit: docs/scaling.md.
WAL_BYTES_A_ROW, ROWS_A_SECOND = 500, 15_000
# Beside its columns' text, a row has a header on disk; an archive's indexes take about as much as half of its rows.
HEADER_BYTES, WITH_INDEXES = 40, 1.5


@dataclass(frozen=True)
class Estimate:
    """Of one record type. `seconds` is at the pace that is set; `seconds_at_full_speed` at the last large run's, or
    else at that of the benchmarks. Bytes are of the primary's log, of staged files before they are compressed, and of
    the archive's tables.
    """

    record_type: str
    roots: int
    rows: int
    seconds: float
    seconds_at_full_speed: float
    log_bytes: int
    staged_bytes: int
    archive_bytes: int


def estimate(session: Session, record_type: RecordType, settings: Settings, as_of: datetime | None = None) -> Estimate:
    """Of what is cold now, or was as of an instant, by a sample of the oldest; `session` is best the replica's."""
    cold = may_move(record_type, record_type.cutoff(as_of or utc_now(), settings))
    roots = session.scalar(select(func.count()).select_from(record_type.root).where(cold)) or 0
    at = record_type.root.c[record_type.time_column]
    sampled = list(session.scalars(select(record_type.root.c.id).where(cold).order_by(at).limit(SAMPLE_ROOTS)))
    rows_of_sample, bytes_of_sample = _sample(session, record_type, sampled) if sampled else (0, 0)
    scale = roots / len(sampled) if sampled else 0.0
    rows, text_bytes = round(rows_of_sample * scale), round(bytes_of_sample * scale)
    full_speed = rows / _rows_per_second(session, record_type)
    paced = rows / settings.archive_rows_per_second if settings.archive_rows_per_second else 0.0
    return Estimate(
        record_type.name,
        roots,
        rows,
        max(full_speed, paced),
        full_speed,
        log_bytes=rows * WAL_BYTES_A_ROW,
        staged_bytes=text_bytes,
        archive_bytes=round((text_bytes + rows * HEADER_BYTES) * WITH_INDEXES),
    )


def _sample(session: Session, record_type: RecordType, ids: list[int]) -> tuple[int, int]:
    """The rows of these roots and of their children, and the bytes of their text."""
    rows = size = 0
    for query in _rows_of(record_type, ids):
        with databases.current().adapter.loading.copy_out(session.connection(), query) as chunks:
            for chunk in chunks:
                rows, size = rows + chunk.count(b"\n"), size + len(chunk)
    return rows, size


def _rows_of(record_type: RecordType, ids: list[int]) -> list[Select[tuple[object, ...]]]:
    def query(table: Table, column: str) -> Select[tuple[object, ...]]:
        return select(*table.columns).where(any_of(table.c[column], ids))

    return [query(record_type.root, "id")] + [
        query(child.table, child.root_column).where(child.only(child.table) if child.only is not None else true())
        for child in record_type.children
    ]


def _rows_per_second(session: Session, record_type: RecordType) -> float:
    """The pace of the last large run of this type that nothing limited, as far as runs tell it."""
    moved = select(Batch.run_id, func.sum(Batch.released_rows).label("rows")).group_by(Batch.run_id).subquery()
    query = (
        select(moved.c.rows, ArchiveRun.started_at, ArchiveRun.finished_at)
        .join(moved, moved.c.run_id == ArchiveRun.id)
        .where(
            ArchiveRun.record_type == record_type.name,
            ArchiveRun.kind == RunKind.ARCHIVE,
            ArchiveRun.state == RunState.DONE,
            moved.c.rows >= PACED_ROWS_MIN,
        )
        .order_by(ArchiveRun.id.desc())
        .limit(1)
    )
    last = session.execute(query).one_or_none()
    if last is None or last.finished_at is None:
        return ROWS_A_SECOND
    return max(float(last.rows) / max((last.finished_at - last.started_at).total_seconds(), 1.0), 1.0)
