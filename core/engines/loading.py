"""Bulk loading: streams of rows in PostgreSQL's COPY text format, out of one server and into another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection, Select, Table


def copy_name(table: Table) -> str:
    """The temporary table that holds the rows of a table on their way back from an archive."""
    return f"restoring_{table.name}"


class Loading(Protocol):
    """Streams rows, and takes ids for them."""

    def copy_out(self, connection: Connection, select: Select[Any]) -> AbstractContextManager[Iterator[bytes]]:
        """A `with` block that streams the rows of a query as chunks of COPY's text, which `copy_in` takes."""

    def copy_in(self, connection: Connection, table: Table, columns: Sequence[str], chunks: Iterable[bytes]) -> int:
        """Load what `copy_out` streamed; returns the number of rows."""

    def keeping_ids(self, connection: Connection, table: Table) -> AbstractContextManager[None]:
        """A `with` block in which inserted rows bring their own ids."""

    def insert_copies(self, connection: Connection, table: Table, copy: Table) -> None:
        """Insert all rows of a session's copy of a table, named by `copy_name`, with their own ids."""

    def reserve_ids(self, connection: Connection, table: str, count: int) -> int:
        """Take `count` consecutive ids from a table's sequence; returns the first. Raises EngineError."""
