"""The readers' passwords, sealed, in a table of the primary that no role may read: SQL Server shows no password."""

from __future__ import annotations

from sqlalchemy import Connection, text

from core.engines import mssql_schemas

SCHEMA = "installation"
TABLE = f"{SCHEMA}.reader_password"
MADE = mssql_schemas.made(SCHEMA)
MAKE = f"""
IF OBJECT_ID('{TABLE}') IS NULL
CREATE TABLE {TABLE} (login NVARCHAR(128) NOT NULL PRIMARY KEY, sealed NVARCHAR(max) NOT NULL)
"""
IS_THERE = f"SELECT OBJECT_ID('{TABLE}')"
READ = f"SELECT sealed FROM {TABLE} WHERE login = :login"
CHANGE = f"UPDATE {TABLE} SET sealed = :sealed WHERE login = :login"
ADD = f"INSERT INTO {TABLE} (sealed, login) VALUES (:sealed, :login)"


def kept(connection: Connection, login: str) -> str | None:
    """The sealed password of a reader's login; None if none is kept."""
    if connection.scalar(text(IS_THERE)) is None:
        return None
    found: str | None = connection.scalar(text(READ), {"login": login})
    return found


def keep(connection: Connection, login: str, sealed: str) -> None:
    """Keep it from now on, whatever becomes of the caller's transaction: the login is given the password after this."""
    with connection.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as alone:
        alone.exec_driver_sql(MADE)
        alone.exec_driver_sql(MAKE)
        values = {"login": login, "sealed": sealed}
        if alone.execute(text(CHANGE), values).rowcount == 0:
            alone.execute(text(ADD), values)
