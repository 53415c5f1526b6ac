"""Tries, as each role, what it may do and what it may not: not what the server's catalogue says, but what it does."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from commands.doctor.finding import Finding, judge
from core.engines import EngineError, words_of
from core.install.database_roles import DatabaseRole
from core.install.grants import TABLES
from core.stores import databases
from core.stores.databases import Store

# No row meets the condition: only the right is asked for.
VERBS = {"SELECT": "SELECT 1 FROM {table} WHERE 1 = 0", "DELETE": "DELETE FROM {table} WHERE 1 = 0"}
ASKED = ("patient", "visit", "access_event", "credential", "model_call", "batch", "erasure")


def examine() -> Iterator[Finding]:
    for role in DatabaseRole:
        subject = f"rights: {role.kind}"
        try:
            with databases.current().engine(Store.HOT, read_only=False).connect() as connection:
                yield _tried(subject, role, connection)
        except (SQLAlchemyError, EngineError) as fault:
            said = words_of(fault) if isinstance(fault, DBAPIError) else type(fault).__name__
            yield Finding(
                subject, True, f"not tried, for this login can't act as it ({said}); `strata doctor` compares grants"
            )


def _tried(subject: str, role: DatabaseRole, connection: Connection) -> Finding:
    wrong, tried = [], 0
    with databases.current().adapter.roles.acting(connection, role):
        for table in ASKED:
            for verb, statement in VERBS.items():
                if any(one.startswith(f"{verb} (") for one in TABLES[role].get(table, ())):
                    # Of some columns only.
                    continue
                tried += 1
                may = verb in TABLES[role].get(table, ())
                if _does(connection, statement.format(table=table)) is not may:
                    wrong.append(f"{'refused' if may else 'ALLOWED'}: {verb} of {table}")
    said = "; ".join(wrong) or f"{tried} attempts, each allowed or refused as it should be"
    return judge(subject, not wrong, said, "run `strata init` as the owner")


def _does(connection: Connection, statement: str) -> bool:
    attempt = connection.begin_nested()
    try:
        connection.execute(text(statement))
    except DBAPIError:
        attempt.rollback()
        return False
    attempt.rollback()
    return True
