"""Work on many rows at once on PostgreSQL: temporary tables, digests by aggregates, ON CONFLICT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    LargeBinary,
    Select,
    Table,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql

from core.engines.functions import row_version
from core.engines.row_sets import Change, Tally
from core.engines.temporary_tables import defined


def temporary(
    connection: Connection, name: str, columns: Sequence[Column[Any]], rows: Select[Any] | None = None
) -> Table:
    """Make a table that goes when the transaction commits, and fill it with `rows`."""
    table = defined(name, columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")
    table.create(connection, checkfirst=False)
    if rows is not None:
        connection.execute(insert(table).from_select(table.columns.keys(), rows))
        connection.exec_driver_sql(f"ANALYZE {name}")
    return table


def index(connection: Connection, table: Table, column: str) -> None:
    """Index a filled temporary table by one column, and tell the planner what the table holds."""
    connection.exec_driver_sql(f"CREATE INDEX ON {table.name} ({column})")
    connection.exec_driver_sql(f"ANALYZE {table.name}")


def digest(connection: Connection, rows: Select[Any]) -> tuple[int, list[str]]:
    """Count rows, and hash each of their columns after the id; the server does both."""
    row_id, *parts = rows.subquery("h").c
    count, *digests = connection.execute(select(func.count(), *(_digest(part, row_id) for part in parts))).one()
    return int(count), digests


def _digest(part: ColumnElement[bytes], row_id: ColumnElement[int]) -> ColumnElement[str]:
    nothing = literal_column("''::bytea", LargeBinary)
    joined = func.string_agg(part, postgresql.aggregate_order_by(nothing, row_id))
    return func.encode(func.sha256(func.coalesce(joined, nothing)), "hex")


def remove(
    connection: Connection,
    removal: Delete,
    columns: Sequence[ColumnElement[Any]],
    *,
    key: str = "id",
    tally: Tally | None = None,
) -> tuple[int, str]:
    """Delete, hash and count rows in one statement."""
    named = {column.key: column for column in columns}
    version = row_version(*columns).label("row_version")
    taken = removal.returning(*(named[name] for name in {"id": None, key: None}), version).cte("taken")
    query = select(func.count(), _digest(taken.c.row_version, taken.c.id)).select_from(taken)
    if tally is not None:
        query = query.add_cte(tally(taken).cte("counted"))
    count, digest = connection.execute(query).one()
    return int(count), str(digest)


def merge(connection: Connection, table: Table, rows: Select[Any], keys: Sequence[str], change: Change) -> None:
    """Insert rows, and change those whose keys exist, in one statement."""
    added = postgresql.insert(table).from_select(rows.selected_columns.keys(), rows)
    connection.execute(added.on_conflict_do_update(index_elements=keys, set_=change(table.c, added.excluded)))
