"""Linked tables: an archive server's tables, read through the primary or its replica."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Select, Table


@dataclass(frozen=True)
class Health:
    """The state of one ability of a server; `mend` says what to do if it is not ok."""

    ok: bool
    detail: str
    mend: str


class Links(Protocol):
    """Makes linked tables, and tells how they are read."""

    def ability(self, connection: Connection) -> Health:
        """Whether the primary can read tables of other servers."""

    def link(self, connection: Connection, server: str, url: str, tables: Sequence[Table]) -> None:
        """Make this installation's link to an archive, or alter it in place, and its tables in `cold`. Repeatable."""

    def make_view(self, connection: Connection, view: Table, query: Select[Any]) -> None:
        """Make a view of linked tables, in its schema, that keeps whoever may read it alone to the query's rows."""

    def is_linked(self, connection: Connection, server: str, url: str) -> bool:
        """Whether this installation's link exists on the primary and points to this address."""

    def password_of(self, connection: Connection, server: str, user: str) -> str | None:
        """The password with which the primary reads the linked server as `user`.

        None if the primary uses another user, or if the engine does not show passwords.
        """

    # Whether readers' passwords are kept sealed; an engine that shows its owner the password of a link need not.
    keeps_sealed: bool

    def kept(self, connection: Connection, login: str) -> str | None:
        """The sealed password of a reader's login, if one was kept."""

    def keep(self, connection: Connection, login: str, sealed: str) -> None:
        """Keep a reader's sealed password, whatever becomes of the caller's transaction."""

    def remote_queries(self, connection: Connection, query: Select[Any]) -> list[str]:
        """The queries that the planner would send to other servers for `query`, which does not run.

        The list is empty if the planner would fetch whole tables without a query.
        """


def literal(value: str) -> str:
    """One of our own settings as a quoted SQL text, for statements that take no parameters."""
    return "'" + value.replace("'", "''") + "'"
