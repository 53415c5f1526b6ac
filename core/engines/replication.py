"""How far a replica has followed the primary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection


@dataclass(frozen=True)
class ReplicaLook:
    """What a replica says about itself.

    `incarnation` changes when the replica restarts: its position may then be lower than before. `newest_age_seconds`
    is the age of the newest commit that the replica has, or None if it has received none since its start.
    """

    position: int
    incarnation: str
    newest_age_seconds: float | None


class Replication(Protocol):
    """Reads positions in the primary's log; a position is an integer that only grows."""

    def write_position(self, connection: Connection) -> int:
        """The primary's position after every commit so far.

        The connection must be able to write, and works best where each statement is a transaction of its own.
        """

    def seen_position(self, connection: Connection) -> int:
        """A position at which a replica has everything that this transaction has read on the primary.

        The connection only reads.
        """

    def noted_position(self, connection: Connection) -> int:
        """The primary's position, at most a second old: cheap enough to ask for again and again."""

    def replayed_position(self, connection: Connection) -> int:
        """The position up to which this replica has replayed the log; on a primary, its write position."""

    def look_at_replica(self, connection: Connection) -> ReplicaLook:
        """Ask a replica about itself, in one query. A primary may stand in for its own replica."""

    def replica_lag_seconds(self, connection: Connection) -> float:
        """The age of the newest commit that the replica has replayed.

        It is 0 while the replica's stream is alive and the replica has replayed all that it received.
        """
