"""Checks each database server: address, version, role, privileges, clock, schema, links, replication."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from commands.doctor import archive_logins, checkpoint_check, old_row_checks
from commands.doctor.finding import Finding, judge
from core.engines import EngineError
from core.engines.patience import patience
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.migrations.upgrade import configuration
from core.models.record_types import ARCHIVE_METADATA, SERVERS
from core.settings.config import Settings
from core.stores import databases, freshness
from core.stores.databases import Store
from core.stores.tables import linked_table

CLOCK_SKEW_SECONDS_MAX = 1.0
REPLAY_SECONDS_MAX = 5.0
RUN_INIT = "run `strata init`"
STORES = {
    Store.HOT: ("primary", "STRATA_PRIMARY_URL"),
    Store.REPLICA: ("replica", "STRATA_REPLICA_URL"),
    Store.LOGS: ("archive logs", "STRATA_ARCHIVE_LOGS_URL"),
    Store.VISITS: ("archive visits", "STRATA_ARCHIVE_VISITS_URL"),
    Store.REPORTS: ("archive reports", "STRATA_ARCHIVE_REPORTS_URL"),
}


def examine(settings: Settings) -> Iterator[Finding]:
    """Check every server; a server that does not answer gives one finding."""
    role = archive_logins.role_of_process()
    for store, (name, variable) in STORES.items():
        if role is not None and store in SERVERS and role not in GRANTS.archived:
            yield archive_logins.none_needed(store, name)
            continue
        try:
            with databases.current().engine(store, read_only=True).connect() as connection:
                yield from _server(store, name, connection, role)
        except EngineError as fault:
            # Not the server's: this machine lacks what reaches it.
            found, _, mend = str(fault).partition(": ")
            yield Finding(name, False, found, mend)
        except SQLAlchemyError as fault:
            yield Finding(name, False, _cause(fault), f"start that server, or correct {variable}")
    try:
        # SQL Server can't read linked tables in a transaction that sees one state of the primary.
        linked = (
            databases.current()
            .engine(Store.HOT, read_only=True)
            .execution_options(isolation_level=databases.current().adapter.linked)
        )
        with linked.connect() as primary:
            yield from _links(primary, settings)
        yield _replication()
    except (SQLAlchemyError, EngineError) as fault:
        yield Finding("replication", False, _cause(fault), "mend the primary first")


def _replica(name: str, connection: Connection, *, takes_writes: bool) -> Iterator[Finding]:
    yield judge(
        f"{name}: role",
        not takes_writes,
        "it accepts writes: it is no replica" if takes_writes else "replica, read-only",
        "point STRATA_REPLICA_URL at a standby, or readable secondary, of the primary",
    )
    yield from sessions(name, connection)


def _server(store: Store, name: str, connection: Connection, role: DatabaseRole | None) -> Iterator[Finding]:
    adapter, url = databases.current().adapter, connection.engine.url
    where = f"{url.host}:{url.port}" if url.port else str(url.host)
    yield Finding(name, True, f"{adapter.server.version(connection)} at {where}")
    yield _clock(name, connection)
    yield from checkpoint_check.examine(name, connection)
    takes_writes = adapter.server.takes_writes(connection)
    if store is Store.REPLICA:
        yield from _replica(name, connection, takes_writes=takes_writes)
        return
    if store is not Store.HOT:
        yield archive_logins.left_behind(name, connection)
    roles = adapter.roles.own(connection, list(DatabaseRole)) if store is Store.HOT else []
    if roles:
        yield Finding(f"{name}: privileges", True, f"those of {', '.join(roles)}, for a process; not for `strata init`")
        yield _schema(store, name, connection)
        yield from sessions(name, connection)
        return
    if role is not None:
        yield archive_logins.of_process(name, connection, role)
        yield _schema(store, name, connection)
        return
    may_create = takes_writes and adapter.roles.may_create(connection)
    yield judge(
        f"{name}: privileges",
        may_create,
        "may create tables" if may_create else "can't create tables",
        "use a role that owns the database, on a server that accepts writes",
    )
    yield _schema(store, name, connection)
    if may_create:
        yield from old_row_checks.examine(store, name, connection)


def sessions(name: str, connection: Connection) -> Iterator[Finding]:
    """Whether a process that moves rows sees the snapshots of others; without them it would wait for ever."""
    roles = databases.current().adapter.roles
    if set(roles.own(connection, list(DatabaseRole))) & set(GRANTS.sees_sessions):
        sees = roles.sees_sessions(connection)
        said = "sees" if sees else "does not see"
        detail = f"this login {said} the snapshots of other sessions, which a purge waits for"
        mend = "" if sees else f"as an administrator, {roles.showing_sessions(connection)}"
        yield judge(f"{name}: sessions", sees, detail, mend)


def _clock(name: str, connection: Connection) -> Finding:
    before = datetime.now(UTC)
    theirs = databases.current().adapter.server.clock(connection)
    ours = before + (datetime.now(UTC) - before) / 2
    skew = (theirs - ours).total_seconds()
    return judge(
        f"{name}: clock",
        abs(skew) <= CLOCK_SKEW_SECONDS_MAX,
        f"{skew:+.3f} s against this machine",
        "synchronise the clocks (NTP): ages and the order of events depend on them",
    )


def _schema(store: Store, name: str, connection: Connection) -> Finding:
    history = "primary" if store is Store.HOT else str(store)
    expected = ScriptDirectory.from_config(configuration(connection, history)).get_current_head()
    found = MigrationContext.configure(connection).get_current_revision()
    return judge(f"{name}: schema", found == expected, f"revision {found or 'none'}, expected {expected}", RUN_INIT)


def _links(primary: Connection, settings: Settings) -> Iterator[Finding]:
    ability = databases.current().adapter.links.ability(primary)
    yield judge("primary: linked tables", ability.ok, ability.detail, ability.mend)
    if ability.ok:
        for server in SERVERS:
            yield _link(primary, server, settings)


def _link(primary: Connection, server: str, settings: Settings) -> Finding:
    """Whether the archive can be read through the primary's own linked tables, at the configured address."""
    subject = f"linked tables: {server}"
    if not databases.current().adapter.links.is_linked(primary, server, settings.archive_url(server)):
        return Finding(subject, False, "missing, or made for another address", RUN_INIT)
    table = linked_table(next(iter(ARCHIVE_METADATA[server].tables)))
    try:
        primary.execute(select(table.c.id).limit(1))
        of_nobody = select(table.c.id).where(table.c.patient_id == 0)
        asked = databases.current().adapter.links.remote_queries(primary, of_nobody)
    except SQLAlchemyError as fault:
        primary.rollback()
        return Finding(subject, False, _cause(fault), f"start that archive server, then {RUN_INIT}")
    if not any(" WHERE " in one for one in asked):
        whole = f"{table} can be read, but is fetched whole for each question"
        return Finding(subject, False, whole, f"{RUN_INIT}, which sets what a link needs to send conditions on")
    return Finding(subject, True, f"{table} can be read; conditions are judged there")


def _replication() -> Finding:
    """Whether a new position of the primary arrives. The lag in seconds would be 0 while replay is paused."""
    mend = "start the replica, or make it anew from the primary; see its log"
    position = freshness.primary_position()
    began = time.monotonic()
    try:
        freshness.wait_for_replica(position, REPLAY_SECONDS_MAX * patience.times())
    except freshness.ReplicaBehind as behind:
        return Finding("replication", False, str(behind), mend)
    seconds = time.monotonic() - began
    return Finding("replication", True, f"the primary's newest commit was there after {seconds:.2f} s")


def _cause(fault: SQLAlchemyError | EngineError) -> str:
    lines = str(getattr(fault, "orig", None) or fault).strip().splitlines()
    return lines[0] if lines else type(fault).__name__
