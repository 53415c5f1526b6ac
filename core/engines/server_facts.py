"""What a server says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection


@dataclass(frozen=True)
class Checkpoints:
    """How often a server has written out all changed pages: by its clock, or because its log was full.

    After each, the first change of a page writes the whole page to the log. `log_bytes_max` is the log that makes one
    due, `seconds` the time.
    """

    by_time: int
    by_log: int
    log_bytes_max: int
    seconds: float


class ServerFacts(Protocol):
    """Asks a server about itself."""

    def version(self, connection: Connection) -> str:
        """The server's product and version, in a few words."""

    def clock(self, connection: Connection) -> datetime:
        """The server's present time."""

    def takes_writes(self, connection: Connection) -> bool:
        """Whether the connection's database accepts writes; a replica's does not."""

    def database_bytes(self, connection: Connection) -> int:
        """The size of the connection's database, in bytes."""

    def oldest_snapshot_at(self, connection: Connection) -> datetime | None:
        """When the oldest snapshot began that another session still reads, among those that this login may see."""

    def io_operations(self, connection: Connection) -> int | None:
        """Reads and writes of its files since it started; None if it does not tell."""

    def machine_shares(self, connection: Connection) -> Mapping[str, float]:
        """How busy and full its machine is, as far as it tells: `cpu`, `memory`, `disk`, each a share from 0 to 1."""

    def distributed_transactions(self, connection: Connection) -> int | None:
        """Transactions under way that take in more than one server; None if it does not tell this login."""

    def checkpoints(self, connection: Connection) -> Checkpoints | None:
        """How often checkpoints come, and why; None where the server sets their pace by itself."""
