"""Application locks, and how long a transaction waits for the locks of others."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection


class Locks(Protocol):
    """Takes locks, and bounds the wait for them."""

    def try_lock(self, connection: Connection, name: str) -> bool:
        """Take an application lock until the end of this transaction, or return False at once."""

    def waiting_at_most(self, connection: Connection, seconds: float) -> AbstractContextManager[None]:
        """A `with` block in which a statement fails when it has waited `seconds` for a lock of another transaction."""
