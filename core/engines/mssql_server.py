"""What kind of server speaks the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InvalidRequestError


def is_babelfish(connection: Connection) -> bool:
    """Whether it is Babelfish, PostgreSQL with a front of T-SQL, which lacks some of what we use."""
    return connection.exec_driver_sql("SELECT CAST(SERVERPROPERTY('Babelfish') AS int)").scalar() == 1


def version(connection: Connection) -> str:
    """Product, version and edition."""
    if is_babelfish(connection):
        return " ".join(str(connection.exec_driver_sql("SELECT @@VERSION").scalar()).rpartition("\n")[2].split())
    query = (
        "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(64)), CAST(SERVERPROPERTY('Edition') AS nvarchar(64))"
    )
    number, edition = connection.exec_driver_sql(query).one()
    return f"SQL Server {number}, {edition}"


def takes_writes(connection: Connection) -> bool:
    """Whether the connection's database may be written at all, as no readable secondary may."""
    if is_babelfish(connection):
        # It calls a standby's databases writable.
        return not connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar()
    updateability = "SELECT CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(32))"
    return connection.exec_driver_sql(updateability).scalar() == "READ_WRITE"


@contextmanager
def session_setting(connection: Connection, on: str, off: str) -> Iterator[None]:
    """A `with` block in which the session, and not the transaction, is set so; what fails in it is what is told."""
    connection.exec_driver_sql(on)
    try:
        yield
    except BaseException:
        # The session goes on where a savepoint is rolled back.
        with suppress(DBAPIError, InvalidRequestError):
            connection.exec_driver_sql(off)
        raise
    connection.exec_driver_sql(off)
