"""Schema drift: hot table, archive table and linked table must be alike, or nothing moves.

If a column were narrower on one side, or compared by another collation, a move would lose data silently. A column that
only one side has would be left behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.engines.schema import ColumnFacts
from core.models.record_types import BATCH_COLUMN, RecordType, archive_table
from core.stores import databases
from core.stores.databases import Store
from workers.archive.retry_policy import SchemaDrift

Columns = Mapping[str, ColumnFacts]
MEND = "make them alike, by `strata init` or ALTER TABLE, then redrive"
SHOWN = 3


@dataclass(frozen=True)
class Side:
    """A table's columns on one side, and what to call that side."""

    title: str
    columns: Columns


def check(session: Session, record_type: RecordType) -> None:
    """Compare every table of a record type; `session` is on the primary. Raises SchemaDrift with the first lines."""
    found = list(differences(session, record_type))
    if found:
        more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
        raise SchemaDrift("; ".join(found[:SHOWN]) + f"{more}: {MEND}")


def differences(session: Session, record_type: RecordType) -> Iterator[str]:
    """A line for each column that is not alike on all sides."""
    adapter, server = databases.current().adapter, record_type.server
    names = [table.name for table in record_type.tables]
    hot = adapter.schema.columns(session.connection(), None, names)
    linked = adapter.schema.columns(session.connection(), "cold", names)
    with databases.read(Store(server)) as archive:
        theirs = adapter.schema.columns(archive.connection(), None, names)
    for table in record_type.tables:
        ours = Side("the primary", hot.get(table.name, {}))
        expected = set(table.columns.keys())
        yield from _known(table.name, ours, expected)
        for side in (
            Side(f"archive server {server}", theirs.get(table.name, {})),
            Side(f"the link to {server}", linked.get(table.name, {})),
        ):
            copied = archive_table(table).columns.keys()
            yield from _known(table.name, side, set(copied))
            yield from _compare(table.name, ours, side)


def _known(table: str, side: Side, expected: set[str]) -> Iterator[str]:
    for name in sorted(expected - side.columns.keys()):
        yield f"{table}.{name} is missing on {side.title}"
    for name in sorted(side.columns.keys() - expected):
        yield f"{table}.{name} is on {side.title} but not in this version of Strata"


def _compare(table: str, ours: Side, theirs: Side) -> Iterator[str]:
    for name in sorted((ours.columns.keys() & theirs.columns.keys()) - {BATCH_COLUMN}):
        here, there = ours.columns[name], theirs.columns[name]
        if not here.agrees(there):
            yield f"{table}.{name} is {here} on {ours.title} but {there} on {theirs.title}"
