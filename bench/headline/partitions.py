"""One server's large tables, partitioned by date as a good administrator would: years, and the last one in quarters.

Which tables, is for what reads them: access events are asked for by time. Rows of visits are asked for by their visit
or their patient, whatever their time; in partitions, each such question goes to all of them. So they are left whole;
another choice is a line in `TABLES`. A partitioned table's key must have the date in it, so ids are unique by our care
alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from psycopg import Connection

TABLES = {"access_event": "at"}
YEARS = 8

COLUMNS = "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = %s"
OWN_KEYS = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = %s"


def make(connection: Connection, today: date) -> None:
    """Put partitioned tables in the place of these, which must be empty."""
    for table, column in TABLES.items():
        _make(connection, table, column, today)


def bounds(today: date) -> list[date]:
    """First days of partitions, oldest first: years until last year, then quarters until next year's end."""
    years = [date(year, 1, 1) for year in range(today.year - YEARS - 1, today.year - 1)]
    quarters = [date(year, month, 1) for year in range(today.year - 1, today.year + 2) for month in (1, 4, 7, 10)]
    return [*years, *quarters]


def _make(connection: Connection, table: str, column: str, today: date) -> None:
    old = f"{table}_whole"
    indexes = [row[0] for row in connection.execute(COLUMNS, [table]).fetchall()]
    uniques = [row[1] for row in connection.execute(OWN_KEYS, [table, "u"]).fetchall()]
    foreign = [row[1] for row in connection.execute(OWN_KEYS, [table, "f"]).fetchall()]
    connection.execute(f"ALTER TABLE {table} RENAME TO {old}")
    connection.execute(
        f"CREATE TABLE {table} (LIKE {old} INCLUDING DEFAULTS INCLUDING IDENTITY) PARTITION BY RANGE ({column})"
    )
    for name, begin, end in _parts(table, bounds(today)):
        connection.execute(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ('{begin}') TO ('{end}')")
    connection.execute(f"DROP TABLE {old} CASCADE")
    connection.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (id, {column})")
    for unique in uniques:
        connection.execute(f"ALTER TABLE {table} ADD {unique.removesuffix(')')}, {column})")
    for key in foreign:
        connection.execute(f"ALTER TABLE {table} ADD {key}")
    for index in indexes:
        if not index.startswith("CREATE UNIQUE"):
            connection.execute(index)


def _parts(table: str, starts: list[date]) -> Iterator[tuple[str, date, date]]:
    for begin, end in pairwise(starts):
        yield f"{table}_{begin:%Y_%m}", begin, end
