"""The right to see the sessions of others, which SQL Server 2022 has made narrower."""

from __future__ import annotations

from core.engines.link import literal
from core.engines.mssql_names import quoted

# The right on newer servers, and the one on older servers.
SEE_SESSIONS = ("VIEW SERVER PERFORMANCE STATE", "VIEW SERVER STATE")
MAJOR_VERSION, NARROWER_SINCE = "CAST(SERVERPROPERTY('ProductMajorVersion') AS int)", 16


def see_sessions(name: str) -> str:
    """The statement that lets a login see the sessions of others, on servers from 2022 on and on older ones."""
    return _on_server(*(f"GRANT {right} TO {quoted(name)}" for right in SEE_SESSIONS))


def pass_on_sessions(name: str) -> str:
    """The same, and the login may let others see them."""
    return _on_server(*(f"GRANT {right} TO {quoted(name)} WITH GRANT OPTION" for right in SEE_SESSIONS))


def _on_server(newer: str, older: str) -> str:
    """One of two statements, by the server's version, in `master`: elsewhere rights of the server can't be given."""
    call = "EXEC master.sys.sp_executesql N"
    return f"IF {MAJOR_VERSION} >= {NARROWER_SINCE} {call}{literal(newer)} ELSE {call}{literal(older)}"
