"""The rights of each login on SQL Server, as one script for an administrator."""

from __future__ import annotations

from collections.abc import Iterator

from core.engines.link import literal
from core.engines.mssql_names import quoted
from core.engines.mssql_sessions import pass_on_sessions, see_sessions
from core.engines.roles import Login, Rights


def script(rights: Rights) -> Iterator[str]:
    """First what `strata init` needs, then what each process needs after it. Each line is a batch of its own."""
    owner = rights.owner
    yield "-- 1. Before `strata init`. On the primary's server, and on each readable secondary but for the database:"
    yield from _login(owner)
    yield f"GRANT ALTER ANY LINKED SERVER TO {quoted(owner.name)}"
    yield f"GRANT ALTER ANY LOGIN TO {quoted(owner.name)}"
    # The owner lets the logins that it makes see sessions.
    yield pass_on_sessions(owner.name)
    yield from _user(rights.primary, owner, "db_owner")
    for database in rights.archives:
        yield f"-- On the server of archive {database}:"
        yield from _login(owner)
        yield f"GRANT ALTER ANY LOGIN TO {quoted(owner.name)}"
        yield from _user(database, owner, "db_owner")
    yield "-- 2. After `strata init`. On the primary's server (on secondaries the logins alone, with the same SID):"
    for process in rights.processes:
        yield f"-- {process.name}"
        yield from _login(process)
        if process.sees_sessions:
            yield see_sessions(process.name)
        yield from _user(rights.primary, process, process.role)
    for database in rights.archives:
        yield f"-- On the server of archive {database}:"
        for process in rights.processes:
            if process.reaches_archives:
                yield from _login(process)
                yield from _user(database, process, "db_datareader", *(["db_datawriter"] if process.writes else []))


def _login(login: Login) -> Iterator[str]:
    yield "USE master"
    yield (
        f"IF SUSER_ID({literal(login.name)}) IS NULL"
        f" CREATE LOGIN {quoted(login.name)} WITH PASSWORD = N{literal(login.password)}"
    )


def _user(database: str, login: Login, *roles: str) -> Iterator[str]:
    """A user of the database who is a member of these roles."""
    yield f"USE {quoted(database)}"
    yield f"IF USER_ID({literal(login.name)}) IS NULL CREATE USER {quoted(login.name)} FOR LOGIN {quoted(login.name)}"
    for role in roles:
        yield f"ALTER ROLE {role} ADD MEMBER {quoted(login.name)}"
