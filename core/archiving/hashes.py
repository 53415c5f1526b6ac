"""Content hashes and versions of rows, computed by the server that has the rows: one for each, and one over all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table

from core.engines.functions import row_hash, row_version
from core.models.hashed_columns import hashed_columns
from core.stores import databases

ROWS_A_FETCH = 5_000


class Hashes(NamedTuple):
    """Of a set of rows: how many, the hash over their contents, and the hash over their versions on this server."""

    rows: int
    contents: str
    versions: str


def of_row(table: Table, version: int, source: FromClause | None = None) -> ColumnElement[bytes]:
    """A row's content hash, by a version of the hot table's hashed columns, as `source` has them."""
    return row_hash(*columns(table, version, source))


def of_rows(connection: Connection, table: Table, version: int, rows: Select[int]) -> Hashes:
    """The hashes of rows of a table, or of a copy of it, that a query picks by their ids."""
    (row_id,) = rows.selected_columns
    hashed = columns(table, version, row_id.table)
    count, (contents, versions) = databases.current().adapter.row_sets.digest(
        connection,
        rows.with_only_columns(row_id, row_hash(*hashed).label("row_hash"), row_version(*hashed).label("row_version")),
    )
    return Hashes(count, contents, versions)


def of_each(connection: Connection, table: Table, version: int, rows: Select[int]) -> Iterator[tuple[int, bytes]]:
    """Each row's id and content hash, in the order of ids; few are in memory at a time. `rows` are as for `of_rows`."""
    (row_id,) = rows.selected_columns
    query = rows.with_only_columns(row_id, of_row(table, version, row_id.table)).order_by(row_id)
    for found_id, found in connection.execute(query.execution_options(yield_per=ROWS_A_FETCH)):
        yield found_id, bytes(found)


def columns(table: Table, version: int, source: FromClause | None = None) -> list[ColumnElement[object]]:
    """The hashed columns of a table, as `source` has them, the id first. Raises UnknownVersion."""
    found = (table if source is None else source).c
    return [found[name] for name in hashed_columns(table.name, version)]
