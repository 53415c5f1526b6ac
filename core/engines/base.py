"""What differs between the two database engines, and nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Delete, Engine, FromClause, Insert, Select, Table
from sqlalchemy.engine.interfaces import IsolationLevel


class Conflict(Exception):
    """Another transaction wrote the same keys meanwhile; nothing is wrong, and the transaction can be tried again."""


@dataclass(frozen=True)
class ReplicaLook:
    """What a replica says of itself.

    `incarnation` changes when it was restarted: its position may then have gone back. `newest_age_seconds` is the age
    of the newest commit it has, None if it has seen none since then.
    """

    position: int
    incarnation: str
    newest_age_seconds: float | None


class EngineError(Exception):
    """The engine cannot do what was asked; the message names the mend."""


@dataclass(frozen=True)
class ColumnFacts:
    """A column as its server has it: type with width, whether it may be null, and how its text is compared.

    The last two are None where they can't be told, the last also for what is no text.
    """

    type: str
    nullable: bool | None
    collation: str | None

    def agrees(self, other: ColumnFacts) -> bool:
        """Whether both are alike as far as both tell."""
        told = ((self.nullable, other.nullable), (self.collation, other.collation))
        return self.type == other.type and all(ours == theirs for ours, theirs in told if None not in (ours, theirs))

    def __str__(self) -> str:
        collation = f" collate {self.collation}" if self.collation else ""
        return f"{self.type}{collation}{' not null' if self.nullable is False else ''}"


@dataclass(frozen=True)
class Grants:
    """Privileges on the primary by role and table, linked tables that a role does not read, and row-level security.

    `restricted` sees of the tables `signed_only` what is, or belongs to, a signed report.
    """

    tables: Mapping[str, Mapping[str, Sequence[str]]]
    not_cold: Mapping[str, frozenset[str]]
    signed_only: Sequence[str]
    restricted: str
    # Whoever moves rows waits for the oldest snapshot, also of sessions that are not its own.
    sees_sessions: Sequence[str]


# What a row's columns become, from the row that is there and the one that comes.
Change = Callable[[Any, Any], Mapping[str, Any]]
# Of the rows that went, an insert that counts them.
Tally = Callable[[FromClause], Insert]


@dataclass(frozen=True)
class Health:
    """How something of an engine's stands; `mend` says what to do when it is not ok."""

    ok: bool
    detail: str
    mend: str


class FaultKind(StrEnum):
    """What a database's fault is to whoever meets it."""

    CONNECTION = "connection"
    DISK_FULL = "disk full"
    WAITED = "lock or time-out"
    OTHER = "other"


class Adapter(ABC):
    """One engine's dialect: connecting, freshness, bulk copy, moving rows, linked tables, roles.

    `snapshot` is the isolation level of a transaction that sees one state of the database throughout, `linked` that
    of one that reads linked tables.
    """

    name: str
    snapshot: IsolationLevel
    linked: IsolationLevel

    @abstractmethod
    def create_engine(
        self, url: str, *, read_only: bool, statement_timeout_seconds: float, silence_seconds: float, **pool: Any
    ) -> Engine:
        """An engine whose sessions speak UTC and, if `read_only`, cannot write whatever they try.

        A statement is ended by the server after `statement_timeout_seconds`; a server that sends nothing for
        `silence_seconds` is given up by the client.
        """

    @abstractmethod
    def limit_silence(self, connection: Connection, seconds: float) -> None:
        """Until the connection goes back to its pool: give the server up when it sends nothing for this long."""

    @abstractmethod
    def limit(self, connection: Connection, seconds: float) -> None:
        """For the rest of this connection's transaction: each statement is over, one way or the other, after this."""

    @abstractmethod
    def make_room(self, connection: Connection) -> None:
        """For the rest of the connection's transaction: as much time, and memory to sort, as moving rows takes."""

    @abstractmethod
    def impatient(self, connection: Connection, seconds: float) -> AbstractContextManager[None]:
        """A `with` block in which waiting for another's lock fails after this."""

    def prepare(self, engine: Engine) -> None:  # noqa: B027 - not every engine needs it
        """Set what a database needs before its schema is made, outside of any transaction. Repeatable."""

    @abstractmethod
    def write_position(self, connection: Connection) -> int:
        """The primary's position after everything committed so far, as an increasing integer.

        The connection is one that may write, best with every statement a transaction of its own.
        """

    def seen_position(self, connection: Connection) -> int:
        """A position by which a replica has all that this connection's transaction has read on the primary.

        The connection is one that only reads.
        """
        return self.write_position(connection)

    def noted_position(self, connection: Connection) -> int:
        """The primary's position as somebody has seen it at most a second ago, for looking at it again and again."""
        return self.write_position(connection)

    @abstractmethod
    def replayed_position(self, connection: Connection) -> int:
        """The log position that this replica has replayed; on a primary, its write position."""

    @abstractmethod
    def look_at_replica(self, connection: Connection) -> ReplicaLook:
        """How a replica stands, by one query. A primary may stand in for its own replica."""

    @abstractmethod
    def replica_lag_seconds(self, connection: Connection) -> float:
        """Age of the newest replayed commit; 0 while its stream is alive and it has replayed all it received."""

    @abstractmethod
    def database_bytes(self, connection: Connection) -> int:
        """The size of the connection's database, in bytes."""

    @abstractmethod
    def temporary(
        self, connection: Connection, name: str, columns: Sequence[Column[Any]], rows: Select[Any] | None = None
    ) -> Table:
        """Make a table of this transaction alone, of columns of no table, and fill it; one of that name goes first."""

    @abstractmethod
    def index(self, connection: Connection, table: Table, column: str) -> None:
        """Index a filled temporary table by a column, and let the planner know what is in it."""

    @abstractmethod
    def digest(self, connection: Connection, rows: Select[Any]) -> tuple[int, list[str]]:
        """Count rows of an id, a content hash and a version; of both of these the SHA-256, in hex, in order of ids."""

    @abstractmethod
    def remove(
        self,
        connection: Connection,
        removal: Delete,
        columns: Sequence[ColumnElement[Any]],
        *,
        key: str = "id",
        tally: Tally | None = None,
    ) -> tuple[int, str]:
        """Delete rows; returns how many, and the digest over the versions that went, by columns of which one is `id`.

        `tally` makes of what went, which has the column `key`, an insert that is done along with it.
        """

    @abstractmethod
    def merge(
        self, connection: Connection, table: Table, rows: Select[Any], keys: Sequence[str], change: Change
    ) -> None:
        """Insert rows, by the names of their columns; one whose keys are there already changes that row instead.

        Raises Conflict where another transaction wrote one in between.
        """

    @abstractmethod
    def keeping_ids(self, connection: Connection, table: Table) -> AbstractContextManager[None]:
        """A `with` block in which rows that are inserted bring their own ids."""

    @abstractmethod
    def copy_out(self, connection: Connection, select: Select[Any]) -> AbstractContextManager[Iterator[bytes]]:
        """A `with` block's stream of a query's rows as chunks of text, in COPY's format, that `copy_in` takes."""

    @abstractmethod
    def copy_in(self, connection: Connection, table: Table, columns: Sequence[str], chunks: Iterable[bytes]) -> int:
        """Bulk-load what `copy_out` streamed; returns the rows loaded."""

    @abstractmethod
    def append_event(self, connection: Connection, event: Mapping[str, Any]) -> bool:
        """In one round trip: append an access event, with its writer's head, if the chain ends where the event says.

        False, and nothing is written, if it does not.
        """

    @abstractmethod
    def reserve_ids(self, connection: Connection, table: str, count: int) -> int:
        """Take `count` ids in a row from a table's sequence, for bulk loading; returns the first."""

    @abstractmethod
    def try_lock(self, connection: Connection, name: str) -> bool:
        """Take an application lock for the connection's transaction, or return False at once."""

    @abstractmethod
    def oldest_snapshot_at(self, connection: Connection) -> datetime | None:
        """When the oldest snapshot that another session still reads by was begun, as far as this one may know."""

    @abstractmethod
    def columns(
        self, connection: Connection, schema: str | None, tables: Sequence[str]
    ) -> Mapping[str, Mapping[str, ColumnFacts]]:
        """The columns of tables in a schema, None for the default one, by table and name; of those that are there."""

    @abstractmethod
    def limit_idle(self, connection: Connection, seconds: float) -> None:
        """Let the server end the connection's transaction once it has heard nothing for so long, if it can."""

    @abstractmethod
    def grant(self, connection: Connection, grants: Grants) -> None:
        """Make the roles that are missing on the primary, and give each what the map says. Repeatable."""

    @abstractmethod
    def make_login(self, connection: Connection, name: str, role: str, password: str) -> None:
        """A login that is a member of one role alone, with this password from now on."""

    @abstractmethod
    def make_reader(self, connection: Connection, name: str) -> str:
        """A login of an archive server that reads its tables and nothing else; returns its new password."""

    @abstractmethod
    def let_read(self, connection: Connection, name: str) -> bool:
        """Let a reader read tables that have been added; False if there is no such login."""

    @abstractmethod
    def linked_password(self, connection: Connection, server: str, name: str) -> str | None:
        """The password by which the linked server is read as `name`; None if it is not."""

    @abstractmethod
    def link(self, connection: Connection, server: str, url: str, tables: Sequence[Table]) -> None:
        """Make or refresh the linked server and its tables in schema `cold`. Repeatable."""

    @abstractmethod
    def remote_queries(self, connection: Connection, query: Select[Any]) -> list[str]:
        """What the planner means to ask of other servers for a query of linked tables, which is not run.

        Empty where it fetches whole tables without a query.
        """

    @abstractmethod
    def server_version(self, connection: Connection) -> str:
        """The server's product and version, in a few words."""

    @abstractmethod
    def clock(self, connection: Connection) -> datetime:
        """The server's clock, now."""

    @abstractmethod
    def takes_writes(self, connection: Connection) -> bool:
        """Whether the connection's database may be written at all, as no replica may."""

    @abstractmethod
    def may_create(self, connection: Connection) -> bool:
        """Whether the connection's login may make tables."""

    @abstractmethod
    def own_roles(self, connection: Connection, roles: Sequence[str]) -> list[str]:
        """Which of these roles the connection's login has; none for an owner, who has every one of them."""

    @abstractmethod
    def can_link(self, connection: Connection) -> Health:
        """Whether the primary can read the tables of other servers."""

    @abstractmethod
    def is_linked(self, connection: Connection, server: str, url: str) -> bool:
        """Whether the primary's linked server is there, and made for this address."""
