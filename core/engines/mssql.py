"""SQL Server 2019 and newer, and what speaks its protocol, through pyodbc and Microsoft's driver."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Delete,
    Engine,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
    TextClause,
    and_,
    bindparam,
    func,
    insert,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.engine.interfaces import IsolationLevel

from core.engines import copy_text, mssql_connection, mssql_link, mssql_load, mssql_polybase, mssql_roles, mssql_server
from core.engines.base import Adapter, Change, ColumnFacts, Conflict, Grants, Health, ReplicaLook, Tally
from core.engines.functions import row_version
from core.engines.mssql_dialect import OUTPUT_INTO

ROWS_A_FETCH = 5_000
DEFAULT_SCHEMA = "dbo"
LOCKED = "WITH (UPDLOCK, HOLDLOCK)"
EVENT_TYPES: dict[str, Any] = {
    "at": DateTime(timezone=True),
    **dict.fromkeys(("account_id", "patient_id", "sequence", "before"), BigInteger),
}

RAISE_POSITION = """
UPDATE replication_position SET position = position + 1, at = SYSDATETIMEOFFSET() OUTPUT inserted.position
"""
# Else every look would put the replica behind by what it wrote itself.
NOTE_POSITION = """
SET NOCOUNT ON;
UPDATE replication_position SET position = position + 1, at = SYSDATETIMEOFFSET()
WHERE at < DATEADD(second, -1, SYSDATETIMEOFFSET());
SELECT position FROM replication_position; SET NOCOUNT OFF
"""
LOOK = """
SELECT position, DATEDIFF_BIG(microsecond, at, SYSDATETIMEOFFSET()) / 1000000.0,
    (SELECT CONVERT(varchar(30), create_date, 126) FROM sys.databases WHERE name = 'tempdb')
FROM replication_position
"""
COLUMNS = """
SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE,
    DATETIME_PRECISION, IS_NULLABLE, COLLATION_NAME
FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = :schema
"""
VIEWS = "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = :schema AND TABLE_TYPE = 'VIEW'"
LOCK = """
SET NOCOUNT ON; DECLARE @held int;
EXEC @held = sp_getapplock @Resource = :name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 0;
SELECT @held; SET NOCOUNT OFF
"""
OLDEST_SNAPSHOT = """
SELECT MIN(TODATETIMEOFFSET(t.transaction_begin_time, DATENAME(TzOffset, SYSDATETIMEOFFSET())))
FROM sys.dm_tran_active_snapshot_database_transactions s
JOIN sys.dm_tran_active_transactions t ON t.transaction_id = s.transaction_id
WHERE s.session_id <> @@SPID
"""
SNAPSHOTS_ARE_TOLD = "SELECT OBJECT_ID('sys.dm_tran_active_snapshot_database_transactions')"
VERSIONED = "SELECT is_read_committed_snapshot_on, snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME()"
# Whoever still reads by locks is given so long to end.
SET_VERSIONED = (
    "ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK AFTER 30",
    "ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON",
)


@cache
def _appending(names: tuple[str, ...]) -> TextClause:
    """Appends an event with these columns, and moves its writer's head, or neither."""
    values = ", ".join(f":{name}" for name in names)
    batch = text(
        "SET NOCOUNT ON; SET XACT_ABORT ON; DECLARE @moved int; BEGIN TRANSACTION;"
        " UPDATE chain_head SET sequence = :sequence, hash = :hash"
        " WHERE writer = :writer AND sequence = :before AND hash = :previous_hash; SET @moved = @@ROWCOUNT;"
        f" IF @moved = 1 INSERT INTO access_event ({', '.join(names)}) VALUES ({values});"
        " COMMIT TRANSACTION; SELECT @moved; SET XACT_ABORT OFF; SET NOCOUNT OFF"
    )
    types = {name: EVENT_TYPES.get(name, String) for name in (*names, "before")}
    return batch.bindparams(*(bindparam(name, type_=kind) for name, kind in types.items()))


def _facts(row: Row[Any], of_view: bool) -> ColumnFacts:
    kind, width = row.DATA_TYPE.strip('"'), ""
    if kind in ("decimal", "numeric"):
        width = f"({row.NUMERIC_PRECISION}, {row.NUMERIC_SCALE})"
    elif row.CHARACTER_MAXIMUM_LENGTH is not None:
        width = "(max)" if row.CHARACTER_MAXIMUM_LENGTH < 0 else f"({row.CHARACTER_MAXIMUM_LENGTH})"
    elif kind == "datetimeoffset":
        width = f"({row.DATETIME_PRECISION})"
    # What a view of a linked table says of them is its own guess.
    if of_view:
        return ColumnFacts(f"{kind}{width}", None, None)
    return ColumnFacts(f"{kind}{width}", row.IS_NULLABLE == "YES", row.COLLATION_NAME)


class SqlServer(Adapter):
    """A readable secondary as replica, linked servers or PolyBase for linked tables."""

    name = "mssql"
    snapshot = cast(IsolationLevel, "SNAPSHOT")
    # A transaction that reads by versions can't read a linked server (error 7420).
    linked: IsolationLevel = "READ COMMITTED"

    def __init__(self, *, by_polybase: bool = False) -> None:
        self._by_polybase = by_polybase

    def create_engine(
        self, url: str, *, read_only: bool, statement_timeout_seconds: float, silence_seconds: float, **pool: Any
    ) -> Engine:
        # The driver's own time-out ends a statement and gives up a silent server alike.
        return mssql_connection.make_engine(url, read_only=read_only, seconds=statement_timeout_seconds, **pool)

    def limit_silence(self, connection: Connection, seconds: float) -> None:
        self.limit(connection, seconds)

    def limit(self, connection: Connection, seconds: float) -> None:
        mssql_connection.limit(connection.connection.dbapi_connection, seconds)

    def make_room(self, connection: Connection) -> None:
        self.limit(connection, 0)

    @contextmanager
    def impatient(self, connection: Connection, seconds: float) -> Iterator[None]:
        on, off = f"SET LOCK_TIMEOUT {int(seconds * 1000)}", "SET LOCK_TIMEOUT -1"
        with mssql_server.session_setting(connection, on, off):
            yield

    def prepare(self, engine: Engine) -> None:
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            found = connection.exec_driver_sql(VERSIONED).one_or_none()
            if found is None or None in found:
                return
            for is_on, statement in zip(found, SET_VERSIONED, strict=True):
                if not is_on:
                    connection.exec_driver_sql(statement)

    def write_position(self, connection: Connection) -> int:
        return int(connection.exec_driver_sql(RAISE_POSITION).scalar() or 0)

    def seen_position(self, connection: Connection) -> int:
        # Whoever raises it next commits after all that was read here.
        return self.replayed_position(connection) + 1

    def noted_position(self, connection: Connection) -> int:
        return int(connection.exec_driver_sql(NOTE_POSITION).scalar() or 0)

    def replayed_position(self, connection: Connection) -> int:
        return int(connection.exec_driver_sql("SELECT position FROM replication_position").scalar() or 0)

    def look_at_replica(self, connection: Connection) -> ReplicaLook:
        position, age, started = connection.exec_driver_sql(LOOK).one()
        return ReplicaLook(int(position), str(started), float(age))

    def replica_lag_seconds(self, connection: Connection) -> float:
        return float(connection.exec_driver_sql(LOOK).one()[1])

    def database_bytes(self, connection: Connection) -> int:
        pages = connection.exec_driver_sql("SELECT SUM(CAST(size AS bigint)) FROM sys.database_files").scalar()
        return int(pages or 0) * 8_192

    def temporary(
        self, connection: Connection, name: str, columns: Sequence[Column[Any]], rows: Select[Any] | None = None
    ) -> Table:
        table = Table(f"#{name}", MetaData(), *columns)
        # It would outlive the transaction, on a connection that goes back to its pool.
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS #{name}")
        table.create(connection, checkfirst=False)
        if rows is not None:
            connection.execute(insert(table).from_select(table.columns.keys(), rows))
        return table

    def index(self, connection: Connection, table: Table, column: str) -> None:
        # A name of its own each time: not every server forgets it with the table.
        connection.exec_driver_sql(f"CREATE INDEX ix_{secrets.token_hex(4)} ON {table.name} ({column})")

    def digest(self, connection: Connection, rows: Select[Any]) -> tuple[int, list[str]]:
        # Here and not by an aggregate: STRING_AGG would need them as text of up to two gigabytes.
        row_id, *parts = rows.selected_columns
        # A row's version is its content's hash: asked for once.
        query = rows.with_only_columns(row_id, parts[0]).order_by(row_id)
        digest, count = hashlib.sha256(), 0
        for _, part in connection.execute(query.execution_options(yield_per=ROWS_A_FETCH)):
            count += 1
            digest.update(part)
        return count, [digest.hexdigest()] * len(parts)

    def remove(
        self, connection: Connection, removal: Delete, columns: Sequence[ColumnElement[Any]],
        *, key: str = "id", tally: Tally | None = None,
    ) -> tuple[int, str]:  # fmt: skip
        copies = [Column(str(column.key), column.type, autoincrement=False) for column in columns]
        taken = self.temporary(connection, "taken", copies)
        went = removal.returning(*columns).with_hint(f"{OUTPUT_INTO}{taken.name}", dialect_name=self.name)
        # As text: SQLAlchemy would wait for rows of whatever has OUTPUT. The values are words of our own.
        statement = went.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        connection.exec_driver_sql(str(statement))
        if tally is not None:
            connection.execute(tally(taken))
        count, (digest,) = self.digest(connection, select(taken.c.id, row_version(*taken.c)))
        return count, digest

    def merge(
        self, connection: Connection, table: Table, rows: Select[Any], keys: Sequence[str], change: Change
    ) -> None:
        new = rows.order_by(None).subquery("new")
        same = and_(*(table.c[key] == new.c[key] for key in keys))
        # Ranges of keys are locked, so that nobody adds a row in between.
        changed = update(table).where(same).values(dict(change(table.c, new.c)))
        merged = connection.execute(changed.with_hint(LOCKED, dialect_name=self.name)).rowcount
        there = select(table.c[keys[0]]).where(same).with_hint(table, LOCKED, self.name).exists()
        names = rows.selected_columns.keys()
        missing = select(*(new.c[name] for name in names)).where(~there)
        merged += connection.execute(insert(table).from_select(names, missing)).rowcount
        # Where a server does not keep to the hint, a row that came in between was neither changed nor inserted.
        if merged != connection.scalar(select(func.count()).select_from(new)):
            raise Conflict(f"rows of {table.name} were written by another transaction meanwhile")

    @contextmanager
    def keeping_ids(self, connection: Connection, table: Table) -> Iterator[None]:
        if not any(column.identity for column in table.columns):
            yield
            return
        setting = f"SET IDENTITY_INSERT {table.name}"
        with mssql_server.session_setting(connection, f"{setting} ON", f"{setting} OFF"):
            yield

    @contextmanager
    def copy_out(self, connection: Connection, select: Select[Any]) -> Iterator[Iterator[bytes]]:
        # JSON as it is written, for NULL and `null` are one to Python.
        columns = [type_coerce(one, Text) if isinstance(one.type, JSON) else one for one in select.selected_columns]
        yield copy_text.write(
            connection.execute(select.with_only_columns(*columns).execution_options(yield_per=ROWS_A_FETCH))
        )

    def copy_in(self, connection: Connection, table: Table, columns: Sequence[str], chunks: Iterable[bytes]) -> int:
        rows = copy_text.read(chunks, [table.c[name].type for name in columns])
        if "id" not in columns:
            return mssql_load.load(connection, table, columns, rows)
        with self.keeping_ids(connection, table):
            return mssql_load.load(connection, table, columns, rows)

    def append_event(self, connection: Connection, event: Mapping[str, Any]) -> bool:
        values = {**event, "before": event["sequence"] - 1}
        return connection.scalar(_appending(tuple(event)), values) == 1

    def reserve_ids(self, connection: Connection, table: str, count: int) -> int:
        # Nobody else may take one between the look and the step.
        connection.exec_driver_sql(f"SELECT TOP 1 id FROM {table} WITH (TABLOCKX, HOLDLOCK)").all()
        first = int(connection.exec_driver_sql(f"SELECT IDENT_CURRENT('{table}')").scalar() or 0) + 1
        # The next one is this or the one after, as the table has ever had a row or not: so one more is left out.
        connection.exec_driver_sql(f"DBCC CHECKIDENT ('{table}', RESEED, {first + count})")
        return first

    def try_lock(self, connection: Connection, name: str) -> bool:
        return int(connection.scalar(text(LOCK), {"name": name}) or 0) >= 0

    def oldest_snapshot_at(self, connection: Connection) -> datetime | None:
        if connection.exec_driver_sql(SNAPSHOTS_ARE_TOLD).scalar() is None:
            return None
        oldest: datetime | None = connection.exec_driver_sql(OLDEST_SNAPSHOT).scalar()
        return oldest

    def columns(
        self, connection: Connection, schema: str | None, tables: Sequence[str]
    ) -> dict[str, dict[str, ColumnFacts]]:
        found: dict[str, dict[str, ColumnFacts]] = {}
        where = {"schema": schema or DEFAULT_SCHEMA}
        # Two questions: joined, they have taken a minute.
        views = set(connection.scalars(text(VIEWS), where))
        for row in connection.execute(text(COLUMNS), where):
            if row.TABLE_NAME in tables:
                found.setdefault(row.TABLE_NAME, {})[row.COLUMN_NAME] = _facts(row, row.TABLE_NAME in views)
        return found

    def limit_idle(self, connection: Connection, seconds: float) -> None:
        """It has no such limit: a lost client's transaction ends by TCP's keep-alive."""

    def grant(self, connection: Connection, grants: Grants) -> None:
        mssql_roles.grant(connection, grants)

    def make_login(self, connection: Connection, name: str, role: str, password: str) -> None:
        mssql_roles.make_login(connection, name, role, password)

    def make_reader(self, connection: Connection, name: str) -> str:
        return mssql_roles.make_reader(connection, name)

    def let_read(self, connection: Connection, name: str) -> bool:
        return mssql_roles.let_read(connection, name)

    def linked_password(self, connection: Connection, server: str, name: str) -> str | None:
        return None

    def link(self, connection: Connection, server: str, url: str, tables: Sequence[Table]) -> None:
        link = mssql_polybase.link if self._by_polybase else mssql_link.link
        link(connection, server, url, tables)

    def can_link(self, connection: Connection) -> Health:
        return mssql_polybase.ability(connection) if self._by_polybase else Health(True, "linked servers", "")

    def is_linked(self, connection: Connection, server: str, url: str) -> bool:
        is_linked = mssql_polybase.is_linked if self._by_polybase else mssql_link.is_linked
        return is_linked(connection, server, url)

    def remote_queries(self, connection: Connection, query: Select[Any]) -> list[str]:
        return mssql_link.remote_queries(connection, query)

    def server_version(self, connection: Connection) -> str:
        return mssql_server.version(connection)

    def clock(self, connection: Connection) -> datetime:
        now: datetime = connection.exec_driver_sql("SELECT SYSDATETIMEOFFSET()").scalar_one()
        return now

    def takes_writes(self, connection: Connection) -> bool:
        return mssql_server.takes_writes(connection)

    def may_create(self, connection: Connection) -> bool:
        may = connection.exec_driver_sql("SELECT HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CREATE TABLE')").scalar()
        return may == 1

    def own_roles(self, connection: Connection, roles: Sequence[str]) -> list[str]:
        return mssql_roles.own(connection, roles)
