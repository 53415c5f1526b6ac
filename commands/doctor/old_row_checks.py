"""Whether rows that are older than a CHECK of their table keep it: one that no process can read stops its readers."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from commands.doctor.finding import Finding
from core.engines.schema import LaxCheck
from core.install import old_rows
from core.stores.databases import Store

CHECK_ROWS = "`strata init --check-rows`"


def examine(store: Store, name: str, connection: Connection) -> Iterator[Finding]:
    """Looks at all rows of the tables of which the server does not know, until the server was told to look itself."""
    subject, unlooked = f"{name}: older rows", old_rows.unlooked(store, connection)
    faults = [fault for check in unlooked if (fault := _fault(store, connection, check, subject)) is not None]
    yield from faults
    if not faults and unlooked:
        yield Finding(
            subject, True, f"those of {len(unlooked)} tables keep their checks; {CHECK_ROWS} tells the server"
        )
    elif not faults:
        yield Finding(subject, True, "all keep the checks of their tables")


def _fault(store: Store, connection: Connection, check: LaxCheck, subject: str) -> Finding | None:
    try:
        rows = old_rows.breaking(store, connection, check)
    except DBAPIError as fault:
        connection.rollback()
        detail = f"{check.table}: could not be looked at ({type(fault.orig).__name__})"
        return Finding(subject, False, detail, f"run {CHECK_ROWS}, which takes the time that it needs")
    if not rows:
        return None
    mend = (
        f"as the owner, see them by {old_rows.seen_by(check)}, and set each right, or NULL where nobody knows;"
        f" then run {CHECK_ROWS}"
    )
    return Finding(subject, False, f"{check.table}: {old_rows.listed(rows)} not as {check.name} says", mend)
