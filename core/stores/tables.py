"""The two tables of a kind of row: the hot one, and the linked one through which the primary reads an archive."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData, RowMapping, Select, Table, select

from core.models import Base
from core.models.record_types import ARCHIVE_METADATA


def _cold_tables() -> dict[str, Table]:
    cold = MetaData(schema="cold")
    return {
        table.name: table.to_metadata(cold, schema="cold")
        for metadata in ARCHIVE_METADATA.values()
        for table in metadata.tables.values()
    }


_LINKED = _cold_tables()


def hot_table(name: str) -> Table:
    """The table of a kind of row on the primary and the replica."""
    return Base.metadata.tables[name]


def linked_table(name: str) -> Table:
    """The linked table of an archived table, in schema `cold`."""
    return _LINKED[name]


def cold_columns(table: Table) -> Select[Any]:
    """A select of those columns of an archived table that the hot table also has."""
    return select(*(table.c[column.name] for column in hot_table(table.name).columns))


def named(row: RowMapping) -> dict[str, Any]:
    """A row as a dict of its columns' names and values."""
    return {str(column): value for column, value in row.items()}
