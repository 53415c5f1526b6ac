"""What one process writes, others can read: times, days and numbers are in reach. Ids are for the server to give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Date, DateTime, Numeric, Table, create_engine, text

from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.models import Base
from core.models.record_types import ARCHIVE_METADATA
from core.settings.config import Settings

pytestmark = pytest.mark.only_on_postgresql("its infinities; SQL Server has none, and its checks are in tests/unit")

BEYOND = {
    DateTime: ("infinity", "-infinity", "294276-12-31 UTC", "4713-01-01 BC", "0001-01-01 UTC", "9999-12-31 UTC"),
    Date: ("infinity", "-infinity", "5874897-12-31", "4713-01-01 BC", "0001-01-01", "9999-12-31"),
    Numeric: ("NaN", "Infinity", "-Infinity"),
}
SERVERS: dict[str, Callable[[Settings], str]] = {
    "primary": lambda settings: settings.primary_url,
    **{
        store: lambda settings, store=store: getattr(settings, f"archive_{store}_url")  # type: ignore[misc]
        for store in ARCHIVE_METADATA
    },
}
CHECKS = text(
    "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint"
    " WHERE contype = 'c' AND conname LIKE '%in\\_reach' AND conrelid = CAST(:name AS regclass)"
)


def beyond(column: Column[Any]) -> tuple[str, ...]:
    return next((values for kind, values in BEYOND.items() if isinstance(column.type, kind)), ())


def takes(server: Connection, table: Table, column: Column[Any], value: str) -> bool:
    """Whether the table's checks let a row with this value pass."""
    checks = server.scalars(CHECKS, {"name": table.name}).all()
    types = {one.name: one.type.compile(server.dialect) for one in table.columns}
    # Without its precision: a NUMERIC(18, 6) itself takes no infinity, a double does.
    types[column.name] = (
        types[column.name].partition("(")[0] if beyond(column) is BEYOND[Numeric] else types[column.name]
    )
    row = ", ".join(
        f"CAST({':value' if name == column.name else 'NULL'} AS {kind}) AS {name}" for name, kind in types.items()
    )
    kept = " AND ".join(f"coalesce({check}, true)" for check in checks) or "true"
    return bool(server.scalar(text(f"SELECT {kept} FROM (SELECT {row}) AS row_of_it"), {"value": value}))


@pytest.mark.parametrize("name", SERVERS)
def test_no_table_takes_what_a_process_can_not_read(settings: Settings, name: str) -> None:
    tables = (Base.metadata if name == "primary" else ARCHIVE_METADATA[name]).tables.values()
    with create_engine(SERVERS[name](settings)).connect() as server:
        taken = [
            f"{table.name}.{column.name} = {value}"
            for table in tables
            for column in table.columns
            for value in beyond(column)
            if takes(server, table, column, value)
        ]
        assert taken == []
        assert all(
            takes(server, table, column, "2026-05-31" if beyond(column) is not BEYOND[Numeric] else "5.5")
            for table in tables
            for column in table.columns
            if beyond(column)
        )


def test_no_role_gives_an_id_but_of_a_row_that_it_brings_back(settings: Settings) -> None:
    """Whoever gives ids uses up those of others' next rows, or passes all that there are."""
    counted = [table for table in Base.metadata.tables.values() if table.primary_key.columns[0].identity]
    brought_back = {(role, table.name) for role, tables in GRANTS.brings_back.items() for table in tables}
    held = text("SELECT has_column_privilege(:role, :table, 'id', :verb)")
    with create_engine(settings.primary_url).connect() as server:
        given = {
            (role, table.name, verb)
            for role in DatabaseRole
            for table in counted
            for verb in ("INSERT", "UPDATE")
            if server.scalar(held, {"role": str(role), "table": table.name, "verb": verb})
        }
    assert given <= {(role, table, "INSERT") for role, table in brought_back}
