"""Linked tables by linked servers. The primary defines them; reads go through its readable secondary."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, make_url, text

from core.engines.link import Health, literal
from core.engines.mssql_server import is_babelfish, session_setting

PROVIDER = "MSOLEDBSQL"
CONNECT_TIMEOUT_SECONDS = 2
QUERY_TIMEOUT_SECONDS = 5
DEFAULT_PORT = 1433
DATABASE = "strata"
ABOUT_TIME = {"connect timeout": str(CONNECT_TIMEOUT_SECONDS), "query timeout": str(QUERY_TIMEOUT_SECONDS)}
# https://schemas.microsoft.com/sqlserver/2004/07/showplan/: RemoteQueryType.
REMOTE_QUERY = re.compile(r'<RemoteQuery\b[^>]*\sRemoteQuery="([^"]*)"')
OPTIONS = {
    **ABOUT_TIME,
    "data access": "true",
    "collation compatible": "true",
    "rpc": "false",
    "rpc out": "false",
    # A read must never become part of a distributed transaction.
    "remote proc transaction promotion": "false",
}


def ability(connection: Connection) -> Health:
    """Every SQL Server can read linked servers."""
    return Health(True, "linked servers", "")


def link(connection: Connection, server: str, url: str, tables: Sequence[Table]) -> None:
    """Make or refresh server `archive_<server>`, its login for everybody, and a view of each table in schema `cold`."""
    name = f"archive_{server}"
    # SQL Server's procedures make no linked server inside a transaction.
    with connection.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as alone:
        _server(alone, name, url)
    make_schema(connection)
    database = make_url(url).database or DATABASE
    for table in tables:
        _view(connection, f"{name}.{database}.dbo.{table.name}", table)


def make_schema(connection: Connection, name: str = "cold") -> None:
    """Make a schema where it is missing."""
    if connection.scalar(text(f"SELECT SCHEMA_ID({literal(name)})")) is None:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")


def make_view(connection: Connection, view: Table, query: Select[Any]) -> None:
    """As its owner reads the tables: who may read the view needs no right to them."""
    make_schema(connection, str(view.schema))
    body = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    _make(connection, view.fullname, str(body))


def is_linked(connection: Connection, server: str, url: str) -> bool:
    """Whether server `archive_<server>` exists and points to this address."""
    found = connection.execute(
        text("SELECT data_source, catalog FROM sys.servers WHERE name = :name"), {"name": f"archive_{server}"}
    ).one_or_none()
    return found is not None and tuple(found) == _address(url, is_babelfish(connection))


def password_of(connection: Connection, server: str, user: str) -> str | None:
    """SQL Server shows nobody a password."""
    return None


def remote_queries(connection: Connection, query: Select[Any]) -> list[str]:
    """The text of each remote query in the plan. A remote scan fetches a whole table, and has no query."""
    if is_babelfish(connection):
        # Babelfish has no such plans, and fetches whole tables.
        return []
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    with session_setting(connection, "SET SHOWPLAN_XML ON", "SET SHOWPLAN_XML OFF"):
        plan = "".join(row[0] for row in connection.exec_driver_sql(str(compiled)))
    return [html.unescape(found) for found in REMOTE_QUERY.findall(plan)]


def _address(url: str, by_fdw: bool) -> tuple[str, str]:
    """The data source and the database; tds_fdw writes the port after a colon."""
    parts = make_url(url)
    return (
        f"{parts.host or '127.0.0.1'}{':' if by_fdw else ','}{parts.port or DEFAULT_PORT}",
        parts.database or DATABASE,
    )


def _server(connection: Connection, name: str, url: str) -> None:
    parts = make_url(url)
    by_fdw = is_babelfish(connection)
    source, database = _address(url, by_fdw)
    if connection.scalar(text("SELECT 1 FROM sys.servers WHERE name = :name"), {"name": name}):
        connection.exec_driver_sql(f"EXEC sp_dropserver @server = N{literal(name)}, @droplogins = 'droplogins'")
    connection.exec_driver_sql(
        f"EXEC sp_addlinkedserver @server = N{literal(name)}, @srvproduct = N'', @provider = N'{PROVIDER}',"
        f" @datasrc = N{literal(source)}, @provstr = N'{encryption(url)}', @catalog = N{literal(database)}"
    )
    connection.exec_driver_sql(
        f"EXEC sp_addlinkedsrvlogin @rmtsrvname = N{literal(name)}, @useself = 'FALSE', @locallogin = NULL,"
        f" @rmtuser = N{literal(parts.username or '')}, @rmtpassword = N{literal(parts.password or '')}"
    )
    # tds_fdw knows only these options.
    for option, value in (ABOUT_TIME if by_fdw else OPTIONS).items():
        connection.exec_driver_sql(
            f"EXEC sp_serveroption @server = N{literal(name)}, @optname = '{option}', @optvalue = '{value}'"
        )


def encryption(url: str) -> str:
    """The link's options for encryption, from its address; without options there, the link is encrypted."""
    query = make_url(url).query
    trust = "yes" if str(query.get("TrustServerCertificate", "")).lower() in ("yes", "true") else "no"
    return f"Encrypt={query.get('Encrypt', 'yes')};TrustServerCertificate={trust}"


def _view(connection: Connection, remote: str, table: Table) -> None:
    names = [column.name for column in table.columns]
    columns = ", ".join(f"[{name}]" for name in names)
    _make(connection, f"cold.{table.name}", f"SELECT {columns} FROM {remote}")


def _make(connection: Connection, view: str, body: str) -> None:
    made = f"CREATE VIEW {view} AS {body}"
    if connection.scalar(text("SELECT OBJECT_DEFINITION(OBJECT_ID(:name))"), {"name": view}) == made:
        return
    connection.exec_driver_sql(f"DROP VIEW IF EXISTS {view}")
    connection.exec_driver_sql(made)
