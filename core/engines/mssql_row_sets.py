"""Work on many rows at once on SQL Server: tables of a session, digests made here, updates with inserts for a merge."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    Select,
    Table,
    and_,
    func,
    insert,
    select,
    update,
)

from core.engines.fault_kinds import Conflict
from core.engines.functions import row_version
from core.engines.mssql_statements import OUTPUT_INTO
from core.engines.row_sets import Change, Tally
from core.engines.temporary_tables import defined

DIALECT = "mssql"
ROWS_A_FETCH = 5_000
# Locks ranges of keys, so that no other transaction adds a row in between.
LOCKED = "WITH (UPDLOCK, HOLDLOCK)"


def temporary(
    connection: Connection, name: str, columns: Sequence[Column[Any]], rows: Select[Any] | None = None
) -> Table:
    """Make a table of this session and fill it with `rows`."""
    table = defined(f"#{name}", columns)
    # The table of an earlier transaction is still there: the connection has been in the pool since.
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS #{name}")
    table.create(connection, checkfirst=False)
    if rows is not None:
        connection.execute(insert(table).from_select(table.columns.keys(), rows))
    return table


def index(connection: Connection, table: Table, column: str) -> None:
    """Index a filled temporary table by one column."""
    # Each index has a name of its own: some servers keep an index's name when its table goes.
    connection.exec_driver_sql(f"CREATE INDEX ix_{secrets.token_hex(4)} ON {table.name} ({column})")


def digest(connection: Connection, rows: Select[Any]) -> tuple[int, list[str]]:
    """Count rows, and hash them in this process: STRING_AGG would need them as text of up to two gigabytes."""
    row_id, *parts = rows.selected_columns
    # The version of a row is the hash of its content, so that one of the two is enough.
    query = rows.with_only_columns(row_id, parts[0]).order_by(row_id)
    digest, count = hashlib.sha256(), 0
    for _, part in connection.execute(query.execution_options(yield_per=ROWS_A_FETCH)):
        count += 1
        digest.update(part)
    return count, [digest.hexdigest()] * len(parts)


def remove(
    connection: Connection,
    removal: Delete,
    columns: Sequence[ColumnElement[Any]],
    *,
    key: str = "id",
    tally: Tally | None = None,
) -> tuple[int, str]:
    """Delete rows into a temporary table, and count and hash them there."""
    copies = [Column(str(column.key), column.type, autoincrement=False) for column in columns]
    taken = temporary(connection, "taken", copies)
    went = removal.returning(*columns).with_hint(f"{OUTPUT_INTO}{taken.name}", dialect_name=DIALECT)
    # As text: SQLAlchemy waits for rows of any statement with OUTPUT. The values are words of our own.
    statement = went.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    connection.exec_driver_sql(str(statement))
    if tally is not None:
        connection.execute(tally(taken))
    count, (hashed,) = digest(connection, select(taken.c.id, row_version(*taken.c)))
    return count, hashed


def merge(connection: Connection, table: Table, rows: Select[Any], keys: Sequence[str], change: Change) -> None:
    """Change the rows whose keys exist, then insert the others. Raises Conflict."""
    new = rows.order_by(None).subquery("new")
    same = and_(*(table.c[key] == new.c[key] for key in keys))
    changed = update(table).where(same).values(dict(change(table.c, new.c)))
    merged = connection.execute(changed.with_hint(LOCKED, dialect_name=DIALECT)).rowcount
    there = select(table.c[keys[0]]).where(same).with_hint(table, LOCKED, DIALECT).exists()
    names = rows.selected_columns.keys()
    missing = select(*(new.c[name] for name in names)).where(~there)
    merged += connection.execute(insert(table).from_select(names, missing)).rowcount
    # A server that ignores the hint lets a row come in between, which neither statement has touched.
    if merged != connection.scalar(select(func.count()).select_from(new)):
        raise Conflict(f"rows of {table.name} were written by another transaction meanwhile")
