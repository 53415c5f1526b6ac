"""How a process connects to an engine."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import Engine


class Connections(Protocol):
    """Makes SQLAlchemy engines."""

    def create_engine(
        self,
        url: str,
        *,
        read_only: bool,
        of_replica: bool = False,
        statement_timeout_seconds: float,
        silence_seconds: float,
        **pool: Any,
    ) -> Engine:
        """Return an engine whose sessions use UTC and, if `read_only`, can write nothing.

        `of_replica` lets a listener send its connections to the primary's replica.
        The server ends a statement after `statement_timeout_seconds`. The client gives up a server that sends nothing
        for `silence_seconds`.
        """
