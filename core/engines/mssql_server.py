"""What kind of server speaks the protocol."""

from __future__ import annotations

from sqlalchemy import Connection


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
