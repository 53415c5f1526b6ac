"""Database roles, their logins and what each may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, MetaData, Select, Table

from core.engines.row_rules import RowRule


@dataclass(frozen=True)
class Grants:
    """Privileges on the primary by role and table; `not_cold` names the linked tables that a role may not read.

    `views` are views of linked tables, by the role that may read them, with the rows that each shows. `archived` is
    what a role may do with each table of an archive server; roles that it does not name sign in to none.

    Of a table that `row_rules` name, a role has the rows that they say. `schema` tells the types of columns.
    """

    tables: Mapping[str, Mapping[str, Sequence[str]]]
    not_cold: Mapping[str, frozenset[str]]
    views: Mapping[str, Sequence[tuple[Table, Select[Any]]]]
    row_rules: Sequence[RowRule]
    schema: MetaData
    # A process that moves rows waits for the oldest snapshot, so its role must see the sessions of others.
    sees_sessions: Sequence[str]
    # A process that moves rows makes temporary tables, and one that starts runs or keeps heads takes application locks.
    makes_temporary: Sequence[str]
    takes_locks: Sequence[str]
    # A process that brings archived rows back inserts them with their ids.
    brings_back: Mapping[str, Sequence[Table]]
    archived: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Login:
    """A login, its password, and its database role; the rest says which further rights a process needs."""

    name: str
    password: str
    role: str = ""
    sees_sessions: bool = False
    reaches_archives: bool = False
    # On the archives: the others only read there.
    writes: bool = False


@dataclass(frozen=True)
class Rights:
    """What a script of rights is made of: the databases' names and the logins."""

    primary: str
    archives: Sequence[str]
    owner: Login
    processes: Sequence[Login]
    takes_locks: Sequence[str] = ()


class Roles(Protocol):
    """Makes roles and logins, and tells what the current login may do."""

    def grant(self, connection: Connection, grants: Grants) -> None:
        """Make the roles that the primary lacks, and give each what `grants` says. Repeatable. Raises EngineError."""

    def grant_archived(self, connection: Connection, grants: Grants) -> None:
        """On an archive server, make the roles that it lacks, and give each what `grants` says. Repeatable."""

    def make_login(self, connection: Connection, name: str, role: str, password: str) -> None:
        """Make a login that is a member of one role alone, or give it this password."""

    def let_see_sessions(self, connection: Connection, name: str) -> None:
        """Let a login see when the snapshots of other sessions began, where its role can't give that."""

    def sees_sessions(self, connection: Connection) -> bool:
        """Whether the connection's login sees when the snapshots of other sessions began."""

    def showing_sessions(self, connection: Connection) -> str:
        """The statement that lets the connection's login see when the snapshots of other sessions began."""

    def acting(self, connection: Connection, role: str) -> AbstractContextManager[None]:
        """A `with` block in which the connection may do what a role may; nothing of it stays."""

    def script(self, rights: Rights) -> Iterator[str]:
        """The statements that give an installation's logins their rights, with comments between them."""

    def make_reader(self, connection: Connection, name: str, password: str) -> None:
        """Make a login that reads the tables of this archive server and nothing else, or give it this password."""

    def let_read(self, connection: Connection, name: str) -> bool:
        """Let a reader read tables that were added since; returns False if the login does not exist."""

    def retire_reader(self, connection: Connection, name: str) -> bool:
        """Let a reader of before sign in no more, and read nothing here; returns False if there is none that may."""

    def may_create(self, connection: Connection) -> bool:
        """Whether the connection's login may create tables."""

    def own(self, connection: Connection, roles: Sequence[str]) -> list[str]:
        """Those of `roles` that the connection's login has; none for an owner, who has every one of them."""

    def differences(self, connection: Connection, grants: Grants) -> list[str]:
        """What a role may do more or less than `grants` says, or which rows; a line each."""

    def left_behind(self, connection: Connection, grants: Grants) -> list[str]:
        """What a process could leave on a server, an archive's too, to those after it; a line each.

        Settings that a login keeps for its later sessions, a login that may take every connection, and code that runs
        with its owner's rights.
        """
