"""The same rows by pt-archiver, between two MariaDB servers; skipped, and said so, where they aren't installed."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, MetaData, Table, func, select
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateIndex, CreateTable

from bench import _visits
from bench._mariadb import MariaDB
from core.models.record_types import VISIT
from core.stores import databases
from core.stores.databases import Store

PROGRAMS = ("pt-archiver", "mariadbd", "mariadb-install-db", "mariadb")
DATABASE = "bench"
# Row by row is slow, so its rate is measured on a part of the rows.
ROWS_PART = 10
BULK = ("--bulk-insert", "--bulk-delete", "--limit", "10000", "--commit-each")
BY_ROW = ("--limit", "1000", "--commit-each")


def compare(folder: Path, ours: Sequence[float], say: Callable[[str], None]) -> dict[str, Any]:
    """Ratios of our median rate to pt-archiver's, or why there are none. The pristine rows are on the primary."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        why = f"skipped: {', '.join(missing)} not installed (Debian: percona-toolkit, mariadb-server)"
        say(f"pt-archiver: {why}")
        return {"ratio_to_pt_archiver_bulk": None, "ratio_to_pt_archiver_rows": None, "pt_archiver": why}
    with MariaDB(folder / "source") as source, MariaDB(folder / "target") as target:
        files = {table.name: _export(folder, table) for table in VISIT.tables}
        bulk = _rate(source, target, files, BULK, 1)
        say(f"pt-archiver, bulk insert and bulk delete: {bulk:,.0f} rows/s")
        by_row = _rate(source, target, files, BY_ROW, ROWS_PART)
        say(f"pt-archiver, row by row: {by_row:,.0f} rows/s")
    rate = statistics.median(ours)
    return {
        "ratio_to_pt_archiver_bulk": round(rate / bulk, 2),
        "ratio_to_pt_archiver_rows": round(rate / by_row, 2),
        "pt_archiver_bulk_rows_per_second": round(bulk),
        "pt_archiver_rows_rows_per_second": round(by_row),
    }


def _export(folder: Path, table: Table) -> Path:
    """The pristine rows as text that LOAD DATA takes: COPY's, but for time zones."""
    pristine = table.to_metadata(MetaData(), name=_visits.PRISTINE.format(table.name))
    listed = (func.timezone("UTC", one) if isinstance(one.type, DateTime) else one for one in pristine.columns)
    file = folder / f"{table.name}.tsv"
    engine = databases.current().engine(Store.HOT, read_only=False)
    query = select(*listed).order_by(pristine.c.id)
    with (
        engine.connect() as connection,
        file.open("wb") as out,
        databases.current().adapter.loading.copy_out(connection, query) as chunks,
    ):
        out.writelines(chunks)
    file.chmod(0o644)
    return file


def _rate(source: MariaDB, target: MariaDB, files: dict[str, Path], options: Sequence[str], part: int) -> float:
    """Rows a second over all tables, children first, of one row in `part`."""
    for server in (source, target):
        server.sql(f"DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
        server.sql(_schema(), DATABASE)
    rows, seconds = 0, 0.0
    for table in reversed(VISIT.tables):
        source.sql(f"LOAD DATA LOCAL INFILE '{files[table.name]}' INTO TABLE `{table.name}`", DATABASE)
        source.sql(f"DELETE FROM `{table.name}` WHERE id % {part} <> 0; ANALYZE TABLE `{table.name}`", DATABASE)
        count = int(source.sql(f"SELECT count(*) FROM `{table.name}`", DATABASE))
        began = time.perf_counter()
        _move(source, target, table.name, options)
        seconds += time.perf_counter() - began
        left, moved = (int(server.sql(f"SELECT count(*) FROM `{table.name}`", DATABASE)) for server in (source, target))
        if (left, moved) != (0, count):
            raise RuntimeError(f"pt-archiver left {left} and moved {moved} of {count} rows of {table.name}")
        rows += count
    return rows / seconds


def _move(source: MariaDB, target: MariaDB, table: str, options: Sequence[str]) -> None:
    place = f"h=127.0.0.1,D={DATABASE},t={table},u=root,A=utf8mb4,L=1"
    pair = ["--source", f"{place},P={source.port}", "--dest", f"{place},P={target.port}", "--where", "1=1"]
    checks = ["--no-check-charset", "--no-safe-auto-increment", "--no-version-check"]
    command = [shutil.which("pt-archiver") or "", *pair, *checks, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pt-archiver failed: {done.stderr.strip()[-500:]}")


def _schema() -> str:
    """The hot tables with their indexes, for MariaDB, on either side."""
    made, lines = MetaData(), []
    for table in VISIT.tables:
        copy = table.to_metadata(made)
        for constraint in list(copy.foreign_key_constraints):
            copy.constraints.discard(constraint)
        lines.append(str(CreateTable(copy).compile(dialect=mysql.dialect())))
        lines += [str(CreateIndex(index).compile(dialect=mysql.dialect())) for index in copy.indexes]
    return ";\n".join(lines)
