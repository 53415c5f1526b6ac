"""Content hashes and versions of rows, computed by the server that has them: of each row, and one over all of them."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table

from core.engines.functions import row_hash, row_version
from core.stores import databases


class Hashes(NamedTuple):
    """Of a set of rows: how many, the hash over their contents, and the hash over their versions on this server."""

    rows: int
    contents: str
    versions: str


def of_row(table: Table, source: FromClause | None = None) -> ColumnElement[bytes]:
    """A row's content hash, over every column of the hot table, as `source` has them."""
    return row_hash(*_columns(table, source))


def of_rows(connection: Connection, table: Table, rows: Select[int]) -> Hashes:
    """The hashes of rows of a table, or of a copy of it, that a query picks by their ids."""
    (row_id,) = rows.selected_columns
    source = row_id.table
    columns = _columns(table, source)
    count, (contents, versions) = databases.current().adapter.row_sets.digest(
        connection,
        rows.with_only_columns(
            row_id, row_hash(*columns).label("row_hash"), row_version(*columns).label("row_version")
        ),
    )
    return Hashes(count, contents, versions)


def _columns(table: Table, source: FromClause | None = None) -> list[ColumnElement[object]]:
    found = (table if source is None else source).c
    return [found[column.name] for column in table.columns]
