"""The newest state of one server. A page waits for it a little, and not at all for one that did not answer before."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.stores.databases import Store
from core.stores.probe import Asking

# Longer than the slowest figure of a server that answers may take.
WAIT_SECONDS = 1.5
FRESH_SECONDS = 0.25


@dataclass(frozen=True)
class Tier:
    """One server. Figures are None when it does not answer, or where they make no sense.

    `state` is how portal pages use the replica: in use, behind, or catching up (after a restart, until it has all).
    """

    store: Store
    title: str
    up: bool
    milliseconds: float | None = None
    size_bytes: int | None = None
    oldest_at: datetime | None = None
    oldest_what: str | None = None
    lag_seconds: float | None = None
    state: str | None = None
    cause: str | None = None


class TierWatch:
    """Asks in a thread of its own; while a question has no answer, later callers are told so at once."""

    def __init__(self, store: Store, title: str, ask: Callable[[], Tier]) -> None:
        self._silent = Tier(store, title, up=False, cause="no answer in time")
        self._ask = ask
        self._lock = threading.Lock()
        self._asking: Asking[Tier] | None = None
        self._known: Tier | None = None
        self._pid = os.getpid()

    def latest(self) -> Tier:
        """The server's state, at most FRESH_SECONDS old, or that there was no answer; after WAIT_SECONDS at most."""
        with self._lock:
            asking = self._current()
            was_silent = self._known is not None and not self._known.up
        asking.wait(0.0 if was_silent else WAIT_SECONDS)
        with self._lock:
            if asking.is_done() or not was_silent:
                self._known = _told(asking) or self._silent
            return self._known or self._silent

    def forget(self) -> None:
        """Ask again, and wait, at the next call."""
        with self._lock:
            self._asking = self._known = None

    def _current(self) -> Asking[Tier]:
        if self._pid != os.getpid():
            self._pid, self._asking, self._known = os.getpid(), None, None
        if self._asking is not None and self._asking.is_done():
            self._known = _told(self._asking) or self._silent
            if time.monotonic() - self._asking.asked_at >= FRESH_SECONDS:
                self._asking = None
        if self._asking is None:
            self._asking = Asking(self._ask)
        return self._asking


def _told(asking: Asking[Tier]) -> Tier | None:
    return asking.answer.value if asking.is_done() and asking.answer is not None else None
