"""PostgreSQL 15 and newer, through psycopg 3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    Engine,
    LargeBinary,
    MetaData,
    Select,
    Table,
    create_engine,
    func,
    insert,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import DBAPIError

from core.engines import postgresql_connection, postgresql_link, postgresql_roles
from core.engines.base import Adapter, Change, ColumnFacts, EngineError, Grants, Health, ReplicaLook, Tally
from core.engines.functions import row_version

RESERVE_TRIES = 20
SORT_MB = 64
EVENT_CASTS = {"at": "timestamptz", "account_id": "bigint", "patient_id": "bigint", "sequence": "bigint"}


# A vanished client must not hold its locks for hours, nor a vanished server its client.
KEEPALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}


# A column of default collation compares as its database does: the encoding and the provider count too.
COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
    CASE WHEN a.attcollation = 0 THEN NULL
         WHEN l.collname <> 'default' THEN l.collname || ' ' || pg_encoding_to_char(d.encoding)
         ELSE concat_ws(' ', d.datcollate, d.datctype, d.datlocprovider,
             coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'), pg_encoding_to_char(d.encoding))
    END
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_database d ON d.datname = current_database()
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE n.nspname = :schema AND c.relname = ANY(:tables) AND a.attnum > 0 AND NOT a.attisdropped
"""


@contextmanager
def _preparing(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Let statements that touch no linked table be prepared on the server."""
    connection.prepare_threshold = 0
    try:
        yield
    finally:
        connection.prepare_threshold = None


@cache
def _appending(names: tuple[str, ...]) -> str:
    """Appends an event with these columns: what the update has not moved, the insert does not write."""
    values = ", ".join(f"%({name})s::{EVENT_CASTS.get(name, 'text')}" for name in names)
    return (
        "WITH moved AS (UPDATE chain_head SET sequence = %(sequence)s, hash = %(hash)s"
        " WHERE writer = %(writer)s AND sequence = %(sequence)s - 1 AND hash = %(previous_hash)s RETURNING 1)"
        f" INSERT INTO access_event ({', '.join(names)}) SELECT {values} FROM moved"
    )


def _digest(part: ColumnElement[bytes], row_id: ColumnElement[int]) -> ColumnElement[str]:
    nothing = literal_column("''::bytea", LargeBinary)
    joined = func.string_agg(part, postgresql.aggregate_order_by(nothing, row_id))
    return func.encode(func.sha256(func.coalesce(joined, nothing)), "hex")


class PostgreSQL(Adapter):
    """The embedded default; streaming standby as replica, postgres_fdw for linked tables."""

    name = "postgresql"
    snapshot: IsolationLevel = "REPEATABLE READ"
    linked: IsolationLevel = "REPEATABLE READ"

    def create_engine(
        self, url: str, *, read_only: bool, statement_timeout_seconds: float, silence_seconds: float, **pool: Any
    ) -> Engine:
        options = f"-c timezone=UTC -c datestyle=ISO -c statement_timeout={int(statement_timeout_seconds * 1000)}"
        options += "".join(f" -c tcp_{name.removeprefix('tcp_')}={value}" for name, value in KEEPALIVE.items())
        if read_only:
            # In the connection itself: set later, it leaks to whoever gets the pooled connection next.
            options += " -c default_transaction_read_only=on"
        engine = create_engine(
            url,
            # A server-side prepared plan of a linked query loses its remote predicates.
            connect_args={
                "options": options,
                "connect_timeout": postgresql_connection.CONNECT_SECONDS,
                "prepare_threshold": None,
                **KEEPALIVE,
            },
            pool_pre_ping=True,
            # A fault's message must not quote what was typed.
            hide_parameters=True,
            **pool,
        )
        postgresql_connection.bound(engine, silence_seconds)
        return engine

    def limit_silence(self, connection: Connection, seconds: float) -> None:
        postgresql_connection.limit(connection, seconds)

    def limit(self, connection: Connection, seconds: float) -> None:
        connection.execute(text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}"))
        postgresql_connection.limit(connection, seconds)

    def make_room(self, connection: Connection) -> None:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql(f"SET LOCAL work_mem = '{SORT_MB}MB'")

    @contextmanager
    def impatient(self, connection: Connection, seconds: float) -> Iterator[None]:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(seconds * 1000)}")
        yield
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")

    def write_position(self, connection: Connection) -> int:
        # Not the insert position: what no commit has forced out may stay unsent for many seconds.
        return self._position(connection, "pg_current_wal_flush_lsn()")

    def replayed_position(self, connection: Connection) -> int:
        return self._position(
            connection,
            "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END",
        )

    def _position(self, connection: Connection, expression: str) -> int:
        return int(connection.scalar(text(f"SELECT ({expression}) - '0/0'::pg_lsn")) or 0)

    def look_at_replica(self, connection: Connection) -> ReplicaLook:
        row = connection.execute(
            text(
                "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END"
                " - '0/0'::pg_lsn, pg_postmaster_start_time()::text || ' ' || coalesce(inet_server_port(), 0),"
                " extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())"
            )
        ).one()
        return ReplicaLook(int(row[0] or 0), row[1], float(row[2]) if row[2] is not None else None)

    def replica_lag_seconds(self, connection: Connection) -> float:
        lag = connection.scalar(
            text(
                "SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0"
                # A receiver that is gone has received nothing for as long: what it had does not count as all.
                " WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()"
                " AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0"
                " ELSE coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0) END"
            )
        )
        return float(lag or 0)

    def database_bytes(self, connection: Connection) -> int:
        return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)

    def temporary(
        self, connection: Connection, name: str, columns: Sequence[Column[Any]], rows: Select[Any] | None = None
    ) -> Table:
        table = Table(name, MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")
        table.create(connection, checkfirst=False)
        if rows is not None:
            connection.execute(insert(table).from_select(table.columns.keys(), rows))
            connection.exec_driver_sql(f"ANALYZE {name}")
        return table

    def index(self, connection: Connection, table: Table, column: str) -> None:
        connection.exec_driver_sql(f"CREATE INDEX ON {table.name} ({column})")
        connection.exec_driver_sql(f"ANALYZE {table.name}")

    def digest(self, connection: Connection, rows: Select[Any]) -> tuple[int, list[str]]:
        row_id, *parts = rows.subquery("h").c
        count, *digests = connection.execute(select(func.count(), *(_digest(part, row_id) for part in parts))).one()
        return int(count), digests

    def remove(
        self, connection: Connection, removal: Delete, columns: Sequence[ColumnElement[Any]],
        *, key: str = "id", tally: Tally | None = None,
    ) -> tuple[int, str]:  # fmt: skip
        named = {column.key: column for column in columns}
        version = row_version(*columns).label("row_version")
        taken = removal.returning(*(named[name] for name in {"id": None, key: None}), version).cte("taken")
        query = select(func.count(), _digest(taken.c.row_version, taken.c.id)).select_from(taken)
        if tally is not None:
            query = query.add_cte(tally(taken).cte("counted"))
        count, digest = connection.execute(query).one()
        return int(count), str(digest)

    def merge(
        self, connection: Connection, table: Table, rows: Select[Any], keys: Sequence[str], change: Change
    ) -> None:
        added = postgresql.insert(table).from_select(rows.selected_columns.keys(), rows)
        connection.execute(added.on_conflict_do_update(index_elements=keys, set_=change(table.c, added.excluded)))

    @contextmanager
    def keeping_ids(self, connection: Connection, table: Table) -> Iterator[None]:
        yield

    @contextmanager
    def copy_out(self, connection: Connection, select: Select[Any]) -> Iterator[Iterator[bytes]]:
        # COPY takes no parameters: the values are numbers, instants and words of our own.
        query = select.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        with driver_cursor(connection) as cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
            yield postgresql_connection.chunks(copy)

    def copy_in(self, connection: Connection, table: Table, columns: Sequence[str], chunks: Iterable[bytes]) -> int:
        with driver_cursor(connection) as cursor:
            with cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
                for chunk in chunks:
                    copy.write(chunk)
            return int(cursor.rowcount)

    def append_event(self, connection: Connection, event: Mapping[str, Any]) -> bool:
        # By the driver, and prepared, for every look at a record waits for it.
        with driver_cursor(connection) as cursor, _preparing(cursor.connection):
            cursor.execute(_appending(tuple(event)), event, prepare=True)
            return int(cursor.rowcount) == 1

    def reserve_ids(self, connection: Connection, table: str, count: int) -> int:
        query = text(
            "SELECT min(id), max(id) FROM (SELECT nextval(pg_get_serial_sequence(:table, 'id')) AS id"
            " FROM generate_series(1, :count)) AS taken"
        )
        for _ in range(RESERVE_TRIES):
            first, last = connection.execute(query, {"table": table, "count": count}).one()
            if last - first + 1 == count:
                return int(first)
        raise EngineError(f"no {count:,} ids of {table} in a row: others are inserting too fast, try again")

    def try_lock(self, connection: Connection, name: str) -> bool:
        return bool(
            connection.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
        )

    def oldest_snapshot_at(self, connection: Connection) -> datetime | None:
        oldest: datetime | None = connection.scalar(
            text(
                "SELECT min(xact_start) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()"
            )
        )
        return oldest

    def columns(
        self, connection: Connection, schema: str | None, tables: Sequence[str]
    ) -> dict[str, dict[str, ColumnFacts]]:
        found: dict[str, dict[str, ColumnFacts]] = {}
        where = {"schema": schema or "public", "tables": list(tables)}
        for table, name, *facts in connection.execute(text(COLUMNS), where):
            found.setdefault(table, {})[name] = ColumnFacts(*facts)
        return found

    def limit_idle(self, connection: Connection, seconds: float) -> None:
        connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = {int(seconds * 1000)}"))

    def grant(self, connection: Connection, grants: Grants) -> None:
        postgresql_roles.grant(connection, grants)

    def make_login(self, connection: Connection, name: str, role: str, password: str) -> None:
        postgresql_roles.make_login(connection, name, role, password)

    def make_reader(self, connection: Connection, name: str) -> str:
        return postgresql_roles.make_reader(connection, name)

    def let_read(self, connection: Connection, name: str) -> bool:
        return postgresql_roles.let_read(connection, name)

    def linked_password(self, connection: Connection, server: str, name: str) -> str | None:
        return postgresql_link.password_of(connection, server, name)

    def link(self, connection: Connection, server: str, url: str, tables: Sequence[Table]) -> None:
        postgresql_link.link(connection, server, url, tables)

    def can_link(self, connection: Connection) -> Health:
        return postgresql_link.ability(connection)

    def is_linked(self, connection: Connection, server: str, url: str) -> bool:
        return postgresql_link.is_linked(connection, server, url)

    def remote_queries(self, connection: Connection, query: Select[Any]) -> list[str]:
        return postgresql_link.remote_queries(connection, query)

    def server_version(self, connection: Connection) -> str:
        return f"PostgreSQL {connection.scalar(text('SHOW server_version'))}"

    def clock(self, connection: Connection) -> datetime:
        now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return now

    def takes_writes(self, connection: Connection) -> bool:
        return not connection.scalar(text("SELECT pg_is_in_recovery()"))

    def may_create(self, connection: Connection) -> bool:
        return bool(connection.scalar(text("SELECT has_database_privilege(current_database(), 'CREATE')")))

    def own_roles(self, connection: Connection, roles: Sequence[str]) -> list[str]:
        return postgresql_roles.own(connection, roles)


@contextmanager
def driver_cursor(connection: Connection) -> Iterator[Any]:
    """A psycopg cursor on the same transaction, for COPY. Its faults are raised as SQLAlchemy's, like all others."""
    try:
        with connection.connection.cursor() as cursor:  # type: ignore[attr-defined]
            yield cursor
    except psycopg.Error as fault:
        lost = connection.connection.dbapi_connection.closed  # type: ignore[union-attr]
        if lost:
            connection.invalidate(fault)
        raise DBAPIError.instance(
            "COPY", None, fault, psycopg.Error, connection_invalidated=lost, dialect=connection.dialect
        ) from fault
