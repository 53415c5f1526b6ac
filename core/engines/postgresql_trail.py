"""The append to the audit trail on PostgreSQL: one prepared statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import Connection

from core.engines.postgresql_connection import driver_cursor

CASTS = {"at": "timestamptz", "account_id": "bigint", "patient_id": "bigint", "sequence": "bigint"}


def append_event(connection: Connection, event: Mapping[str, Any]) -> bool:
    """Append an event and move its writer's head, if the chain ends where the event says."""
    # psycopg alone, and a prepared statement: every look at a record waits for this.
    with driver_cursor(connection) as cursor, _preparing(cursor.connection):
        cursor.execute(_appending(tuple(event)), event, prepare=True)
        return int(cursor.rowcount) == 1


@contextmanager
def _preparing(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Let the server prepare statements that touch no linked table."""
    connection.prepare_threshold = 0
    try:
        yield
    finally:
        connection.prepare_threshold = None


@cache
def _appending(names: tuple[str, ...]) -> str:
    """The statement for an event with these columns. The insert writes nothing if the update found no head."""
    values = ", ".join(f"%({name})s::{CASTS.get(name, 'text')}" for name in names)
    return (
        "WITH moved AS (UPDATE chain_head SET sequence = %(sequence)s, hash = %(hash)s"
        " WHERE writer = %(writer)s AND sequence = %(sequence)s - 1 AND hash = %(previous_hash)s RETURNING 1)"
        f" INSERT INTO access_event ({', '.join(names)}) SELECT {values} FROM moved"
    )
