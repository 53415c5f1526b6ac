"""Linked tables by PolyBase: external tables in the primary's database, which its replicas also have.

Unlike linked servers, external tables belong to the database, have grants of their own, and never join a distributed
transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, make_url, text
from sqlalchemy.schema import CreateColumn

from core.engines import mssql_link
from core.engines.fault_kinds import EngineError
from core.engines.link import Health, literal
from core.engines.mssql_link import DATABASE, DEFAULT_PORT, INSTANCE_MARK, encryption, make_schema
from core.engines.passwords import make_password

INSTALLED = "SELECT CAST(SERVERPROPERTY('IsPolyBaseInstalled') AS int)"
MEND = (
    "install SQL Server's PolyBase and run `EXEC sp_configure 'polybase enabled', 1; RECONFIGURE`,"
    " or set STRATA_LINK=linked_server"
)
HAS_MASTER_KEY = "SELECT 1 FROM sys.symmetric_keys WHERE name = '##MS_DatabaseMasterKey##'"
CREDENTIAL = "SELECT 1 FROM sys.database_scoped_credentials WHERE name = :name"
SOURCE = "SELECT location, connection_options FROM sys.external_data_sources WHERE name = :name"
TABLES_OF = """
SELECT t.name FROM sys.external_tables t JOIN sys.external_data_sources s ON s.data_source_id = t.data_source_id
WHERE s.name = :name
"""
COLUMNS_OF = """
SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'cold' AND TABLE_NAME = :name
ORDER BY ORDINAL_POSITION
"""


# Nothing is different from linked servers here.
keeps_sealed = mssql_link.keeps_sealed
kept = mssql_link.kept
keep = mssql_link.keep
password_of = mssql_link.password_of
remote_queries = mssql_link.remote_queries
make_view = mssql_link.make_view


def ability(connection: Connection) -> Health:
    """Whether PolyBase is installed."""
    is_there = connection.exec_driver_sql(INSTALLED).scalar() == 1
    return Health(is_there, "PolyBase" if is_there else "PolyBase is not installed", MEND)


def is_linked(connection: Connection, server: str, url: str) -> bool:
    """Whether data source `archive_<server>` exists and points to this address."""
    return _source(connection, f"archive_{server}") == (_location(url), _options(url))


def link(connection: Connection, server: str, url: str, tables: Sequence[Table]) -> None:
    """Make or refresh data source `archive_<server>`, its credential and its external tables.

    Raises EngineError where PolyBase is not installed.
    """
    found = ability(connection)
    if not found.ok:
        raise EngineError(f"{found.detail}: {found.mend}")
    # SQL Server makes none of this inside a transaction.
    with connection.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as alone:
        make_schema(alone)
        _link(alone, f"archive_{server}", url, tables)


def _link(connection: Connection, name: str, url: str, tables: Sequence[Table]) -> None:
    _credential(connection, name, url)
    found = _source(connection, name)
    if found != (_location(url), _options(url)):
        if found is not None:
            _drop(connection, name)
        connection.exec_driver_sql(
            f"CREATE EXTERNAL DATA SOURCE {name} WITH (LOCATION = N{literal(_location(url))},"
            f" CONNECTION_OPTIONS = N{literal(_options(url))}, PUSHDOWN = ON, CREDENTIAL = {name})"
        )
    database = make_url(url).database or DATABASE
    for table in tables:
        _external_table(connection, name, database, table)


def _credential(connection: Connection, name: str, url: str) -> None:
    if connection.scalar(text(HAS_MASTER_KEY)) is None:
        # The master key seals the credentials; the server's own key opens the master key.
        connection.exec_driver_sql(f"CREATE MASTER KEY ENCRYPTION BY PASSWORD = N{literal(make_password())}")
    parts = make_url(url)
    verb = "CREATE" if connection.scalar(text(CREDENTIAL), {"name": name}) is None else "ALTER"
    connection.exec_driver_sql(
        f"{verb} DATABASE SCOPED CREDENTIAL {name} WITH IDENTITY = N{literal(parts.username or '')},"
        f" SECRET = N{literal(parts.password or '')}"
    )


def _drop(connection: Connection, name: str) -> None:
    for table in list(connection.scalars(text(TABLES_OF), {"name": name})):
        connection.exec_driver_sql(f"DROP EXTERNAL TABLE cold.{table}")
    connection.exec_driver_sql(f"DROP EXTERNAL DATA SOURCE {name}")


def _external_table(connection: Connection, source: str, database: str, table: Table) -> None:
    # A view is left over from a linked server.
    connection.exec_driver_sql(f"IF OBJECT_ID('cold.{table.name}', 'V') IS NOT NULL DROP VIEW cold.{table.name}")
    there = list(connection.scalars(text(COLUMNS_OF), {"name": table.name}))
    if there == table.columns.keys():
        return
    if there:
        connection.exec_driver_sql(f"DROP EXTERNAL TABLE cold.{table.name}")
    columns = ", ".join(_column(connection, column) for column in table.columns)
    connection.exec_driver_sql(
        f"CREATE EXTERNAL TABLE cold.{table.name} ({columns})"
        f" WITH (LOCATION = N{literal(f'{database}.dbo.{table.name}')}, DATA_SOURCE = {source})"
    )


def _column(connection: Connection, column: object) -> str:
    compiled = str(CreateColumn(column).compile(dialect=connection.dialect))  # type: ignore[arg-type]
    return compiled.split(" IDENTITY", 1)[0]


def _source(connection: Connection, name: str) -> tuple[str, str] | None:
    found = connection.execute(text(SOURCE), {"name": name}).one_or_none()
    return None if found is None else (str(found[0]), str(found[1]))


def _location(url: str) -> str:
    """The server's address; of a named instance, which stands in the options, the host alone."""
    parts = make_url(url)
    host, mark, _ = (parts.host or "127.0.0.1").partition(INSTANCE_MARK)
    return f"sqlserver://{host}" if mark and parts.port is None else f"sqlserver://{host}:{parts.port or DEFAULT_PORT}"


def _options(url: str) -> str:
    """The options of the connection: encryption, and the instance if the address names one without a port."""
    parts = make_url(url)
    _, mark, instance = (parts.host or "").partition(INSTANCE_MARK)
    named = f";Server=%s{INSTANCE_MARK}{instance}" if mark and parts.port is None else ""
    return f"{encryption(url)}{named}"
