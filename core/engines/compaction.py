"""Giving back the room of rows that are gone: what a table takes, how it is written anew, and what that locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sqlalchemy import Connection


class Room(NamedTuple):
    """What a table takes, in bytes: its rows, its indexes, and about how much of its rows' room is empty."""

    rows_bytes: int
    indexes_bytes: int
    spare_bytes: int

    @property
    def bytes(self) -> int:
        return self.rows_bytes + self.indexes_bytes


@dataclass(frozen=True)
class Way:
    """A way to write a table anew. `locks` says in words what waits meanwhile, and for how long."""

    name: str
    locks: str
    stops_readers: bool


class Compaction(Protocol):
    """Writes tables anew. The connection must be the owner's, with each statement a transaction of its own."""

    def room(self, connection: Connection, table: str) -> Room:
        """What a table takes now."""

    def ways(self, connection: Connection) -> tuple[Way, ...]:
        """The ways that this server has, the one that stops least first."""

    def write_anew(self, connection: Connection, table: str, way: Way) -> None:
        """Write a table and its indexes anew. Gives up with a database fault if it can't lock the table soon."""
