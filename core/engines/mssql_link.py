"""Linked tables by linked servers. The primary defines them; reads go through its readable secondary."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, make_url, text

from core.engines import mssql_limits
from core.engines.link import Health, literal
from core.engines.mssql_kept import keep, kept
from core.engines.mssql_names import link_name, quoted
from core.engines.mssql_server import is_babelfish, session_setting
from core.engines.patience import patience

__all__ = [
    "ability",
    "is_linked",
    "keep",
    "keeps_sealed",
    "kept",
    "link",
    "make_schema",
    "password_of",
    "remote_queries",
]

PROVIDER = "MSOLEDBSQL"
keeps_sealed = True
CONNECT_TIMEOUT_SECONDS = 2
QUERY_TIMEOUT_SECONDS = 5
DEFAULT_PORT = 1433
# Between a host and its instance.
INSTANCE_MARK = "\\"
DATABASE = "strata"
ABOUT_TIME = {"connect timeout": CONNECT_TIMEOUT_SECONDS, "query timeout": QUERY_TIMEOUT_SECONDS}
# https://schemas.microsoft.com/sqlserver/2004/07/showplan/: RemoteQueryType.
REMOTE_QUERY = re.compile(r'<RemoteQuery\b[^>]*\sRemoteQuery="([^"]*)"')
OPTIONS = {
    "data access": "true",
    "collation compatible": "true",
    # Else its text would be compared as this server's own collation says, and not with text of our columns (error 468).
    "use remote collation": "true",
    "rpc": "false",
    "rpc out": "false",
    # A read must never become part of a distributed transaction.
    "remote proc transaction promotion": "false",
}


def ability(connection: Connection) -> Health:
    """Every SQL Server can read linked servers."""
    return Health(True, "linked servers", "")


def link(connection: Connection, server: str, url: str, tables: Sequence[Table]) -> None:
    """Make the linked server or alter it in place, with its login for everybody and a view of each table."""
    # SQL Server's procedures make no linked server inside a transaction; so nothing here waits for one.
    with connection.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as alone:
        # The first look at a remote table is slow.
        mssql_limits.make_room(alone)
        name = link_name(alone, server)
        _server(alone, name, url)
        make_schema(alone)
        database = make_url(url).database or DATABASE
        for table in tables:
            _view(alone, f"{quoted(name)}.{quoted(database)}.dbo.{quoted(table.name)}", table)
        _drop_former(alone, f"archive_{server}", url)


def make_schema(connection: Connection, name: str = "cold") -> None:
    """Make a schema where it is missing, of the same owner as the tables: else its views would need rights to them."""
    if connection.scalar(text(f"SELECT SCHEMA_ID({literal(name)})")) is None:
        connection.exec_driver_sql(f"CREATE SCHEMA {name} AUTHORIZATION dbo")


def make_view(connection: Connection, view: Table, query: Select[Any]) -> None:
    """As its owner reads the tables: who may read the view needs no right to them."""
    body = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    # Outside of any transaction, for it names linked tables.
    with connection.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as alone:
        mssql_limits.make_room(alone)
        make_schema(alone, str(view.schema))
        _make(alone, view.fullname, str(body))


def is_linked(connection: Connection, server: str, url: str) -> bool:
    """Whether this installation's link to the archive exists and points to this address."""
    found = _found(connection, link_name(connection, server))
    return found is not None and found[:2] == _address(url, is_babelfish(connection))


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
    """The data source and the database; tds_fdw writes the port after a colon. A named instance finds its port."""
    parts = make_url(url)
    host = parts.host or "127.0.0.1"
    port = parts.port or (None if INSTANCE_MARK in host else DEFAULT_PORT)
    return (host if port is None else f"{host}{':' if by_fdw else ','}{port}", parts.database or DATABASE)


def _found(connection: Connection, name: str) -> tuple[str, str, str | None] | None:
    """Where the linked server leads and its options, which only whoever may alter it sees."""
    query = text("SELECT data_source, catalog, provider_string FROM sys.servers WHERE name = :name")
    found = connection.execute(query, {"name": name}).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


def _server(connection: Connection, name: str, url: str) -> None:
    """A linked server that leads there already stays, for whoever reads through it now; its login is set anew."""
    parts = make_url(url)
    by_fdw = is_babelfish(connection)
    wanted = (*_address(url, by_fdw), encryption(url))
    found = _found(connection, name)
    if found is not None and found != wanted and not (by_fdw and found[:2] == wanted[:2]):
        # Where a linked server leads can't be altered.
        _drop(connection, name)
        found = None
    if found is None:
        _add(connection, name, *wanted)
    elif by_fdw:
        # Babelfish adds a login where there is none, and changes none that is there.
        connection.exec_driver_sql(f"EXEC sp_droplinkedsrvlogin @rmtsrvname = N{literal(name)}, @locallogin = NULL")
    connection.exec_driver_sql(
        f"EXEC sp_addlinkedsrvlogin @rmtsrvname = N{literal(name)}, @useself = 'FALSE', @locallogin = NULL,"
        f" @rmtuser = N{literal(parts.username or '')}, @rmtpassword = N{literal(parts.password or '')}"
    )
    _set_options(connection, name, by_fdw)


def _add(connection: Connection, name: str, source: str, database: str, options: str) -> None:
    connection.exec_driver_sql(
        f"EXEC sp_addlinkedserver @server = N{literal(name)}, @srvproduct = N'', @provider = N'{PROVIDER}',"
        f" @datasrc = N{literal(source)}, @provstr = N{literal(options)}, @catalog = N{literal(database)}"
    )


def _set_options(connection: Connection, name: str, by_fdw: bool) -> None:
    """tds_fdw knows only the options about time."""
    times = {option: str(math.ceil(seconds * patience.times())) for option, seconds in ABOUT_TIME.items()}
    for option, value in (times if by_fdw else times | OPTIONS).items():
        connection.exec_driver_sql(
            f"EXEC sp_serveroption @server = N{literal(name)}, @optname = '{option}', @optvalue = '{value}'"
        )


def _drop(connection: Connection, name: str) -> None:
    connection.exec_driver_sql(f"EXEC sp_dropserver @server = N{literal(name)}, @droplogins = 'droplogins'")


def _drop_former(connection: Connection, name: str, url: str) -> None:
    """Drop a link of before links were named for their installation, if it leads to our archive."""
    found = _found(connection, name)
    if found is not None and found[:2] == _address(url, is_babelfish(connection)):
        _drop(connection, name)


def encryption(url: str) -> str:
    """The link's options for encryption, from its address; without options there, the link is encrypted."""
    query = make_url(url).query
    trust = "yes" if str(query.get("TrustServerCertificate", "")).lower() in ("yes", "true") else "no"
    return f"Encrypt={query.get('Encrypt', 'yes')};TrustServerCertificate={trust}"


def _view(connection: Connection, remote: str, table: Table) -> None:
    columns = ", ".join(quoted(column.name) for column in table.columns)
    _make(connection, f"cold.{table.name}", f"SELECT {columns} FROM {remote}")


def _make(connection: Connection, view: str, body: str) -> None:
    """A view that exists is altered, so that it is never missing and roles keep their rights to it."""
    made = f"VIEW {view} AS {body}"
    found = connection.scalar(text("SELECT OBJECT_DEFINITION(OBJECT_ID(:name))"), {"name": view})
    if found is not None and str(found).endswith(made):
        return
    if found is not None and is_babelfish(connection):
        # Babelfish alters no view.
        connection.exec_driver_sql(f"DROP VIEW {view}")
        found = None
    connection.exec_driver_sql(f"{'CREATE' if found is None else 'ALTER'} {made}")
