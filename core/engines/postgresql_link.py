"""Linked tables by postgres_fdw. The primary defines them; reads go through the standby."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, make_url, text
from sqlalchemy.schema import CreateColumn

from core.engines import postgresql_secrets
from core.engines.link import Health, literal

# What the planner is told of each linked table, so that it never fetches all rows to sort and cut them off here.
TOLD_ROWS, TOLD_PAGES = 5_000_000.0, 100_000
FETCH_ROWS = 5_000
CONNECT_TIMEOUT_SECONDS = 2
REMOTE_STATEMENT_TIMEOUT_MS = 5_000


def link(connection: Connection, server: str, url: str, tables: Sequence[Table]) -> None:
    """Make or refresh server `archive_<server>`, its user mapping for PUBLIC and its tables in schema `cold`."""
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgres_fdw"))
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS cold"))
    _server(connection, f"archive_{server}", url)
    for table in tables:
        _foreign_table(connection, f"archive_{server}", table)
        _tell_size(connection, table.name)


def make_view(connection: Connection, view: Table, query: Select[Any]) -> None:
    """As its owner reads the tables; a barrier, so that no condition of a reader's sees a row before the view's own."""
    body = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {view.schema}")
    connection.exec_driver_sql(f"CREATE OR REPLACE VIEW {view.fullname} WITH (security_barrier) AS {body}")


def password_of(connection: Connection, server: str, user: str) -> str | None:
    """The password with which the primary reads linked tables as `user`; None if it uses another user."""
    query = "SELECT unnest(umoptions) FROM pg_user_mappings WHERE srvname = :server AND usename = 'public'"
    listed = connection.scalars(text(query), {"server": f"archive_{server}"})
    options = dict(option.split("=", 1) for option in listed if option)
    return options.get("password") if options.get("user") == user else None


keeps_sealed = False


def kept(connection: Connection, login: str) -> str | None:
    """None: the owner sees the password in the link's user mapping."""
    return None


def keep(connection: Connection, login: str, sealed: str) -> None:
    """Nothing to do: the link's user mapping keeps it."""


def ability(connection: Connection) -> Health:
    """Whether postgres_fdw is installed."""
    installed = connection.scalar(text("SELECT extversion FROM pg_extension WHERE extname = 'postgres_fdw'"))
    available = connection.scalar(text("SELECT 1 FROM pg_available_extensions WHERE name = 'postgres_fdw'"))
    mend = "run `strata init`" if available else "install PostgreSQL's contrib package on the primary's machine"
    return Health(installed is not None, f"postgres_fdw {installed or 'is not installed'}", mend)


def is_linked(connection: Connection, server: str, url: str) -> bool:
    """Whether server `archive_<server>` exists and points to this address."""
    query = "SELECT unnest(srvoptions) FROM pg_foreign_server WHERE srvname = :name"
    options = set(connection.scalars(text(query), {"name": f"archive_{server}"}))
    return {f"{key}={value}" for key, value in _address(url).items()} <= options


def remote_queries(connection: Connection, query: Select[Any]) -> list[str]:
    """The query of each foreign scan in the plan."""
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    [found] = connection.exec_driver_sql(f"EXPLAIN (VERBOSE, FORMAT JSON) {compiled}").scalar_one()
    return list(_remote(found["Plan"]))


def _remote(node: Mapping[str, Any]) -> Iterator[str]:
    if "Remote SQL" in node:
        yield node["Remote SQL"]
    for child in node.get("Plans", ()):
        yield from _remote(child)


def _address(url: str) -> dict[str, str]:
    parts = make_url(url)
    return {
        "host": parts.host or "127.0.0.1",
        "port": str(parts.port or 5432),
        "dbname": parts.database or "strata",
    }


def _server(connection: Connection, name: str, url: str) -> None:
    parts = make_url(url)
    remote = f"-c statement_timeout={REMOTE_STATEMENT_TIMEOUT_MS} -c default_transaction_read_only=on -c timezone=UTC"
    options = {
        **_address(url),
        "fetch_size": str(FETCH_ROWS),
        "connect_timeout": str(CONNECT_TIMEOUT_SECONDS),
        "keepalives_idle": "5",
        "tcp_user_timeout": "5000",
        "use_remote_estimate": "false",
        "updatable": "false",
        "options": remote,
    }
    user = {"user": parts.username or "", "password": parts.password or ""}
    _create_or_alter(
        connection,
        exists=f"SELECT 1 FROM pg_foreign_server WHERE srvname = {literal(name)}",
        create=f"CREATE SERVER {name} FOREIGN DATA WRAPPER postgres_fdw",
        alter=f"ALTER SERVER {name}",
        current=f"SELECT unnest(srvoptions) FROM pg_foreign_server WHERE srvname = {literal(name)}",
        options=options,
    )
    mapping = f"FROM pg_user_mappings WHERE srvname = {literal(name)} AND usename = 'public'"
    _create_or_alter(
        connection,
        exists=f"SELECT 1 {mapping}",
        create=f"CREATE USER MAPPING FOR PUBLIC SERVER {name}",
        alter=f"ALTER USER MAPPING FOR PUBLIC SERVER {name}",
        current=f"SELECT unnest(umoptions) {mapping}",
        options=user,
        kept_out="password",
    )


def _create_or_alter(
    connection: Connection, *, exists: str, create: str, alter: str, current: str, options: dict[str, str],
    kept_out: str = "",
) -> None:  # fmt: skip
    """The option named `kept_out` is kept out of what the server lists of its statements."""
    shown = {key: postgresql_secrets.HERE if key == kept_out else literal(value) for key, value in options.items()}
    if not connection.scalar(text(exists)):
        words = f"{create} OPTIONS ({', '.join(f'{key} {value}' for key, value in shown.items())})"
    else:
        known = {row.split("=", 1)[0] for row in connection.scalars(text(current)) if row}
        listed = ", ".join(f"{'SET' if key in known else 'ADD'} {key} {value}" for key, value in shown.items())
        words = f"{alter} OPTIONS ({listed})"
    if kept_out:
        postgresql_secrets.execute(connection, words, options[kept_out])
    else:
        connection.exec_driver_sql(words)


def _foreign_table(connection: Connection, server: str, table: Table) -> None:
    if _columns_of(connection, table.name) == [column.name for column in table.columns]:
        return
    columns = ", ".join(_column(connection, column) for column in table.columns)
    # With the views of it, which are made anew after it.
    connection.exec_driver_sql(f"DROP FOREIGN TABLE IF EXISTS cold.{table.name} CASCADE")
    connection.exec_driver_sql(
        f"CREATE FOREIGN TABLE cold.{table.name} ({columns}) SERVER {server}"
        f" OPTIONS (schema_name 'public', table_name {literal(table.name)})"
    )


def _tell_size(connection: Connection, table: str) -> None:
    """Have the planner take a linked table for a large one, however few rows it has yet.

    A server before PostgreSQL 18 can't be told; it looks, which says little until the first sweep.
    """
    if (connection.dialect.server_version_info or (0,)) < (18,):
        connection.exec_driver_sql(f"ANALYZE cold.{table}")
        return
    told = (
        "SELECT pg_restore_relation_stats('schemaname', 'cold', 'relname', CAST(:name AS text),"
        " 'relpages', CAST(:pages AS integer), 'reltuples', CAST(:rows AS real))"
    )
    connection.execute(text(told), {"name": table, "pages": TOLD_PAGES, "rows": TOLD_ROWS})


def _columns_of(connection: Connection, table: str) -> list[str]:
    return list(
        connection.scalars(
            text(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = 'cold' AND table_name = :table ORDER BY ordinal_position"
            ),
            {"table": table},
        )
    )


def _column(connection: Connection, column: object) -> str:
    compiled = str(CreateColumn(column).compile(dialect=connection.dialect))  # type: ignore[arg-type]
    return compiled.split(" GENERATED ", 1)[0]
