"""Work on many rows at once, inside the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Connection, Delete, FromClause, Insert, Select, Table

# Makes new values for a row, from the columns of the row that is there and of the row that comes.
Change = Callable[[Any, Any], Mapping[str, Any]]
# Makes an insert that counts the deleted rows, from those rows.
Tally = Callable[[FromClause], Insert]


class RowSets(Protocol):
    """Copies rows to temporary tables, and hashes, deletes and merges them."""

    def temporary(
        self, connection: Connection, name: str, columns: Sequence[Column[Any]], rows: Select[Any] | None = None
    ) -> Table:
        """Make a table for this transaction alone and fill it with `rows`; replaces a temporary table of this name.

        `columns` must not belong to another table.
        """

    def index(self, connection: Connection, table: Table, column: str) -> None:
        """Index a filled temporary table by one column, and tell the planner what the table holds."""

    def digest(self, connection: Connection, rows: Select[Any]) -> tuple[int, list[str]]:
        """Count rows of (id, content hash, version), and hash them.

        Returns the count and two SHA-256 in hex: over all content hashes and over all versions, each in order of ids.
        """

    def remove(
        self,
        connection: Connection,
        removal: Delete,
        columns: Sequence[ColumnElement[Any]],
        *,
        key: str = "id",
        tally: Tally | None = None,
    ) -> tuple[int, str]:
        """Delete rows. Returns their count, and the SHA-256 in hex over their versions in order of ids.

        A version is made from `columns`, one of which is `id`. `tally` gets the deleted rows, with the column `key`,
        and returns an insert that runs together with the deletion.
        """

    def merge(
        self, connection: Connection, table: Table, rows: Select[Any], keys: Sequence[str], change: Change
    ) -> None:
        """Insert rows by the names of their columns; where a row with the same keys exists, change that row instead.

        Raises Conflict if another transaction wrote one of these rows at the same time.
        """
