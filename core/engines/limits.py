"""How long a connection may take, and how much memory it may use."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection


class Limits(Protocol):
    """Sets the limits of a connection that is in use."""

    def limit_statements(self, connection: Connection, seconds: float) -> None:
        """End each further statement of this transaction after `seconds`, whether the server answers or not."""

    def limit_silence(self, connection: Connection, seconds: float) -> None:
        """Give up a server that sends nothing for `seconds`, until the connection goes back to its pool."""

    def limit_idle(self, connection: Connection, seconds: float) -> None:
        """Let the server end this transaction once its client has sent nothing for `seconds`, if the server can."""

    def make_room(self, connection: Connection) -> None:
        """Give the rest of this transaction the time, and the memory for sorting, that moving rows takes."""
