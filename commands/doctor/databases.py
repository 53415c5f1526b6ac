"""Each database server: reachable, version, role, privileges, clock, schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from commands.doctor.finding import Finding, judge
from core import db
from core.config import Settings
from core.db import Store
from core.grants import DatabaseRole
from core.migrations.run import configuration
from core.models.record_types import ARCHIVE_METADATA, SERVERS

CLOCK_SKEW_SECONDS_MAX = 1.0
RUN_INIT = "run `strata init`"
STORES = {
    Store.HOT: ("primary", "STRATA_PRIMARY_URL"),
    Store.REPLICA: ("replica", "STRATA_REPLICA_URL"),
    Store.LOGS: ("archive logs", "STRATA_ARCHIVE_LOGS_URL"),
    Store.VISITS: ("archive visits", "STRATA_ARCHIVE_VISITS_URL"),
    Store.REPORTS: ("archive reports", "STRATA_ARCHIVE_REPORTS_URL"),
}


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at every server; one that does not answer gives one finding."""
    for store, (name, variable) in STORES.items():
        try:
            with db.databases().engine(store, read_only=True).connect() as connection:
                yield from _server(store, name, connection)
        except SQLAlchemyError as fault:
            yield Finding(name, False, _cause(fault), f"start that server, or correct {variable}")
    try:
        with db.databases().engine(Store.HOT, read_only=True).connect() as primary:
            yield from _links(primary, settings)
            yield _replication(primary)
    except SQLAlchemyError as fault:
        yield Finding("replication", False, _cause(fault), "mend the primary first")


def _server(store: Store, name: str, connection: Connection) -> Iterator[Finding]:
    version = connection.scalar(text("SHOW server_version"))
    yield Finding(name, True, f"PostgreSQL {version} at {connection.engine.url.host}:{connection.engine.url.port}")
    yield _clock(name, connection)
    is_standby = bool(connection.scalar(text("SELECT pg_is_in_recovery()")))
    if store is Store.REPLICA:
        yield judge(
            f"{name}: role",
            is_standby,
            "standby, read-only" if is_standby else "it accepts writes: it is no standby",
            "point STRATA_REPLICA_URL at a streaming standby of the primary",
        )
        return
    roles = _own_roles(connection) if store is Store.HOT else []
    if roles:
        yield Finding(f"{name}: privileges", True, f"those of {', '.join(roles)}, for a process; not for `strata init`")
        yield _schema(store, name, connection)
        return
    may_create = bool(connection.scalar(text("SELECT has_database_privilege(current_database(), 'CREATE')")))
    yield judge(
        f"{name}: privileges",
        may_create and not is_standby,
        "may create tables" if may_create and not is_standby else "can't create tables",
        "use a role that owns the database, on a server that accepts writes",
    )
    yield _schema(store, name, connection)


def _own_roles(connection: Connection) -> list[str]:
    """The roles with least privilege that this login has; none for the owner, who has every one of them."""
    query = text(
        "SELECT r.rolname FROM pg_roles r JOIN pg_roles me ON me.rolname = current_user"
        " WHERE r.rolname = ANY(:roles) AND NOT me.rolsuper AND pg_has_role(me.oid, r.oid, 'MEMBER')"
    )
    return list(connection.scalars(query, {"roles": list(DatabaseRole)}))


def _clock(name: str, connection: Connection) -> Finding:
    before = datetime.now(UTC)
    theirs = connection.scalar(text("SELECT clock_timestamp()"))
    ours = before + (datetime.now(UTC) - before) / 2
    skew = (theirs - ours).total_seconds() if theirs else 0.0
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
    installed = primary.scalar(text("SELECT extversion FROM pg_extension WHERE extname = 'postgres_fdw'"))
    available = primary.scalar(text("SELECT 1 FROM pg_available_extensions WHERE name = 'postgres_fdw'"))
    mend = RUN_INIT if available else "install PostgreSQL's contrib package on the primary's machine"
    yield judge("primary: postgres_fdw", installed is not None, f"version {installed or 'none'}", mend)
    if installed is not None:
        for server in SERVERS:
            yield _link(primary, server, settings)


def _link(primary: Connection, server: str, settings: Settings) -> Finding:
    """Whether the archive can be read through the primary's own linked tables, at the configured address."""
    subject = f"linked tables: {server}"
    url = make_url(settings.archive_url(server))
    options = primary.scalar(
        text("SELECT srvoptions FROM pg_foreign_server WHERE srvname = :name"), {"name": f"archive_{server}"}
    )
    if options is None or f"port={url.port or 5432}" not in options:
        return Finding(subject, False, "missing, or made for another address", RUN_INIT)
    table = next(iter(ARCHIVE_METADATA[server].tables))
    try:
        with primary.begin_nested():
            primary.execute(text(f"SELECT 1 FROM cold.{table} LIMIT 1"))
    except SQLAlchemyError as fault:
        return Finding(subject, False, _cause(fault), f"start that archive server, then {RUN_INIT}")
    return Finding(subject, True, f"cold.{table} can be read")


def _replication(primary: Connection) -> Finding:
    """Compared by log positions: the lag in seconds reads as nothing while replay is paused."""
    behind = primary.scalar(
        text("SELECT min(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), replay_lsn)) FROM pg_stat_replication")
    )
    bound = 64 * 1024 * 1024
    detail = "no standby is connected" if behind is None else f"{int(behind)} bytes of log not replayed"
    mend = "start the standby, or rebuild it with pg_basebackup; see its log"
    return judge("replication", behind is not None and behind < bound, detail, mend)


def _cause(fault: SQLAlchemyError) -> str:
    lines = str(getattr(fault, "orig", None) or fault).strip().splitlines()
    return lines[0] if lines else type(fault).__name__
