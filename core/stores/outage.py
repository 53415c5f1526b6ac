"""Breakers: a server that has just failed is not asked again for a moment, so that nobody waits for it twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

BREAKER_SECONDS = 5.0


class PrimarySilent(SQLAlchemyError):
    """The primary failed a moment ago and is not asked again yet."""


UNREACHABLE = (OperationalError, InterfaceError, PoolTimeout, PrimarySilent)


class Breaker:
    """Stops asking a server that has just failed: open for BREAKER_SECONDS after a failure, then one try."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open_until = float("-inf")

    def refuses(self) -> bool:
        """Whether to fail at once; the first caller after the pause is let through."""
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
