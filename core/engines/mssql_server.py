"""What kind of server speaks the protocol."""

from __future__ import annotations

from sqlalchemy import Connection


def is_babelfish(connection: Connection) -> bool:
    """Whether it is Babelfish, PostgreSQL with a front of T-SQL, which lacks some of what we use."""
    return connection.exec_driver_sql("SELECT CAST(SERVERPROPERTY('Babelfish') AS int)").scalar() == 1
