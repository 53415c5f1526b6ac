"""SQL Server 2019 and newer, and servers that speak its protocol, through pyodbc and Microsoft's driver.

A readable secondary is the replica; linked servers or PolyBase give the linked tables.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy.engine.interfaces import IsolationLevel

from core.engines import (
    mssql_compaction,
    mssql_connection,
    mssql_layout,
    mssql_limits,
    mssql_link,
    mssql_loading,
    mssql_locks,
    mssql_polybase,
    mssql_replication,
    mssql_roles,
    mssql_row_sets,
    mssql_schema,
    mssql_server,
    mssql_trail,
)
from core.engines.adapter import Adapter


def adapter(*, by_polybase: bool = False) -> Adapter:
    """SQL Server's parts, with linked tables by PolyBase or else by linked servers."""
    return Adapter(
        snapshot=cast(IsolationLevel, "SNAPSHOT"),
        # In a transaction, a linked read would make it a distributed one, which needs MSDTC; under row versions the
        # read is refused (error 7420).
        linked="AUTOCOMMIT",
        compaction=mssql_compaction,
        connections=mssql_connection,
        limits=mssql_limits,
        links=mssql_polybase if by_polybase else mssql_link,
        loading=mssql_loading,
        locks=mssql_locks,
        layout=mssql_layout,
        replication=mssql_replication,
        roles=mssql_roles,
        row_sets=mssql_row_sets,
        schema=mssql_schema,
        server=mssql_server,
        trail=mssql_trail,
    )
