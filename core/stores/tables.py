"""The tables of a kind of row: the hot one, and the linked one through which the primary reads an archive."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import MetaData, RowMapping, Select, Table, select

from core.models import Base
from core.models.record_types import TAKING

# All tables that the patients' portal may read of a report; it sees only signed reports.
OF_SIGNED = ("report", "claim", "citation", "signature")


@cache
def _tables_in(schema: str) -> dict[str, Table]:
    """Every archived table, in this schema of the primary. Made when first asked for: most commands never ask."""
    metadata_of = MetaData(schema=schema)
    return {table.name: table.to_metadata(metadata_of, schema=schema) for tables in TAKING.values() for table in tables}


def hot_table(name: str) -> Table:
    """The table of a kind of row on the primary and the replica."""
    return Base.metadata.tables[name]


def linked_table(name: str) -> Table:
    """The linked table of an archived table, in schema `cold`."""
    return _tables_in("cold")[name]


def signed_view(name: str) -> Table:
    """The rows of an archived table that belong to signed reports: a view in schema `signed`, of the linked table."""
    if name not in OF_SIGNED:
        raise KeyError(name)
    return _tables_in("signed")[name]


def cold_columns(table: Table) -> Select[Any]:
    """A select of those columns of an archived table that the hot table also has."""
    return select(*(table.c[column.name] for column in hot_table(table.name).columns))


def named(row: RowMapping) -> dict[str, Any]:
    """A row as a dict of its columns' names and values."""
    return {str(column): value for column, value in row.items()}
