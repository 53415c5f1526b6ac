"""The rights of each login on PostgreSQL, as one script for an administrator."""

from __future__ import annotations

from collections.abc import Iterator

from core.engines import postgresql_own_settings, postgresql_public_rights
from core.engines.link import literal
from core.engines.roles import Login, Rights


def script(rights: Rights) -> Iterator[str]:
    """First what `strata init` needs, then what each process needs after it."""
    owner = _quoted(rights.owner.name)
    yield "-- 1. Before `strata init`. On the primary, as a superuser, connected to its database:"
    yield _login(rights.owner, "CREATEROLE")
    yield f"ALTER DATABASE {_quoted(rights.primary)} OWNER TO {owner}"
    yield f"ALTER SCHEMA public OWNER TO {owner}"
    yield "CREATE EXTENSION IF NOT EXISTS postgres_fdw"
    yield f"GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO {owner}"
    yield f"GRANT pg_read_all_stats TO {owner} WITH ADMIN OPTION"
    for database in rights.archives:
        yield f"-- On the server of archive {database}, connected to it:"
        yield _login(rights.owner, "CREATEROLE")
        yield f"ALTER DATABASE {_quoted(database)} OWNER TO {owner}"
        yield f"ALTER SCHEMA public OWNER TO {owner}"
    yield "-- 2. After `strata init`. On the primary:"
    for process in rights.processes:
        yield from _bounded(process)
    yield "-- What every login may do until it is taken away, which a superuser alone can:"
    yield postgresql_public_rights.block((*rights.takes_locks, owner))
    for database in rights.archives:
        yield f"-- On the server of archive {database}, connected to it:"
        for process in rights.processes:
            if process.reaches_archives:
                yield from _bounded(process)
        writers = [process.role for process in rights.processes if process.writes]
        yield postgresql_public_rights.block((*writers, owner))


def _bounded(process: Login) -> Iterator[str]:
    yield _login(process, f"IN ROLE {process.role}")
    yield from postgresql_own_settings.bounds(_quoted(process.name))


def _login(login: Login, options: str) -> str:
    words = f"CREATE ROLE {_quoted(login.name)} LOGIN {options}".rstrip()
    return f"{words} PASSWORD {literal(login.password)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
