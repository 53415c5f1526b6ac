"""Whether a process signs in to archives with no more rights than its work needs."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from commands.doctor.finding import Finding, first_of, judge
from core.engines import EngineError
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.stores import databases
from core.stores.databases import Store

MEND = "give it the login that `strata init --print-grants` prints for its kind of process"


def role_of_process() -> DatabaseRole | None:
    """The kind of process that this one's login of the primary is for; None for an owner, or if nobody can tell."""
    servers = databases.current()
    try:
        with servers.engine(Store.HOT, read_only=True).connect() as primary:
            roles = servers.adapter.roles.own(primary, list(DatabaseRole))
    except (SQLAlchemyError, EngineError):
        return None
    return DatabaseRole(roles[0]) if roles else None


def none_needed(store: Store, name: str) -> Finding:
    """A process that reads archives through the primary's links alone must have no login there."""
    subject = f"{name}: login"
    try:
        databases.current().engine(store, read_only=True).connect().close()
    except (SQLAlchemyError, EngineError):
        return Finding(subject, True, "none, as this process reads it through the primary's views of signed reports")
    mend = "put a name and password that are none into its address: the archive has no such login"
    return Finding(subject, False, "it signs in, and reads archived drafts and what staff did", mend)


def left_behind(name: str, archive: Connection) -> Finding:
    """Nothing that a process was told to do may outlast it there; as `boundaries: roles` tells of the primary."""
    lines = databases.current().adapter.roles.left_behind(archive, GRANTS)
    found = first_of(lines, none="no login keeps settings for its later sessions, or may fill the server")
    return judge(f"{name}: what stays of logins", not lines, found, "a superuser runs what stands behind each")


def of_process(name: str, archive: Connection, role: DatabaseRole) -> Finding:
    """A process may not own what it reads and writes."""
    owns = databases.current().adapter.roles.may_create(archive)
    work = "reads and writes" if "INSERT" in GRANTS.archived[role] else "reads"
    said = "it may create tables: it is an owner's, bound by no right" if owns else f"{work}, for {role}"
    return judge(f"{name}: privileges", not owns, said, MEND)
