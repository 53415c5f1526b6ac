"""Where rows lie on SQL Server: in the order of the primary key, by which each table is clustered."""

from __future__ import annotations

import sys
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, select, text

from core.engines.layout import Span, Stretch
from core.engines.mssql_server import is_babelfish

# Index 1 is the clustered one, that is, the table itself; 0 is a table without one.
PAGES = """
SELECT SUM(a.used_pages) FROM sys.partitions p JOIN sys.allocation_units a ON a.container_id = p.partition_id
WHERE p.object_id = OBJECT_ID(:name) AND p.index_id IN (0, 1)
"""


def pages(connection: Connection, table: Table) -> int:
    """Of the clustered index. More than any run has rows where the server tells none: then rows go by their time."""
    if is_babelfish(connection):
        return sys.maxsize
    return int(connection.scalar(text(PAGES), {"name": table.name}) or 0)


def lies_within(table: Table, first: int, last: int) -> ColumnElement[bool]:
    """By a range of ids."""
    return and_(table.c.id >= first, table.c.id <= last)


def end(connection: Connection, table: Table) -> int:
    """The highest id."""
    return int(connection.scalar(select(func.max(table.c.id))) or 0)


def next_stretch(
    connection: Connection, table: Table, condition: ColumnElement[bool], span: Span, rows: int
) -> Stretch | None:
    """The next ids of the clustered index that meet the condition."""
    first, last, count = connection.execute(ends(table, condition, span, rows)).one()
    return Stretch(first, last, count) if count else None


def ends(table: Table, condition: ColumnElement[bool], span: Span, rows: int) -> Select[Any, Any, int]:
    """The query for the first and last id of the next stretch, and the number of its rows."""
    query = select(table.c.id).where(condition, table.c.id <= span.last)
    if span.after is not None:
        query = query.where(table.c.id > span.after)
    chosen = query.order_by(table.c.id).limit(rows).subquery("chosen")
    return select(func.min(chosen.c.id), func.max(chosen.c.id), func.count()).select_from(chosen)
