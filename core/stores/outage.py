"""Breakers: nobody asks a server again just after it failed, so that nobody waits for it twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

BREAKER_SECONDS = 5.0


class PrimarySilent(SQLAlchemyError):
    """The primary failed a moment ago, and it is too early to ask it again."""


UNREACHABLE = (OperationalError, InterfaceError, PoolTimeout, PrimarySilent)


class Breaker:
    """Refuses calls to a server for BREAKER_SECONDS after a failure, then lets one call try."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open_until = float("-inf")

    def refuses(self) -> bool:
        """Whether the caller must fail at once. The first caller after the pause may try."""
        with self._lock:
            now = self._clock()
            if self._open_until > now:
                return True
            if self._open_until != float("-inf"):
                self._open_until = now + BREAKER_SECONDS
            return False

    def failed(self) -> None:
        """The server did not answer."""
        with self._lock:
            self._open_until = self._clock() + BREAKER_SECONDS

    def answered(self) -> None:
        """The server answered."""
        with self._lock:
            self._open_until = float("-inf")


primary = Breaker()
