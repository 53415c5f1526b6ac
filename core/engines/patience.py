"""How many times longer than on a quick network a server may take to answer: measured, and the same for every time-out.

Each new connection and each look at a pooled one tell how far a server is. The quickest of the last few counts: what
takes longer than that waits in a busy server's queue, which more patience would only make longer.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL, Engine

RECENT = 8
# A server in the same building is far below these, and gets the seconds that are written down.
USUAL_CONNECT_SECONDS, USUAL_ROUND_TRIP_SECONDS = 0.25, 0.05


@dataclass
class Way:
    """The last few measures of the way to one server, in seconds."""

    connects: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    round_trips: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))

    @property
    def connect_seconds(self) -> float | None:
        """The quickest new connection of the last few."""
        return min(self.connects, default=None)

    @property
    def round_trip_seconds(self) -> float | None:
        """The quickest round trip of the last few."""
        return min(self.round_trips, default=None)


class Patience:
    """One for a process. `least` and `most` bound how many times longer things may take."""

    def __init__(self, least: float = 1.0, most: float = 1.0) -> None:
        self.least, self.most = least, most
        self._ways: dict[tuple[str | None, int | None], Way] = {}

    def begin(self, least: float, most: float) -> None:
        """Know no server any more, and keep to these bounds from now on."""
        self.least, self.most = least, most
        self._ways.clear()

    def way(self, url: URL) -> Way:
        """What is known of the way to an address' server."""
        return self._ways.setdefault((url.host, url.port), Way())

    def times(self, url: URL | None = None) -> float:
        """How many times longer this server may take; without an address, the farthest that is known."""
        ways = list(self._ways.values()) if url is None else [self.way(url)]
        return min(max([self.least, *(_times(way) for way in ways)]), self.most)

    @contextmanager
    def connecting(self, url: URL) -> Iterator[None]:
        """Measure a new connection, unless it fails."""
        began = time.monotonic()
        yield
        self.way(url).connects.append(time.monotonic() - began)

    def watch(self, engine: Engine) -> None:
        """Measure a round trip whenever a connection leaves the pool and is asked whether it lives."""
        ping = engine.dialect.do_ping

        def timed(dbapi_connection: Any) -> bool:
            began = time.monotonic()
            lives = ping(dbapi_connection)
            if lives:
                self.way(engine.url).round_trips.append(time.monotonic() - began)
            return lives

        engine.dialect.do_ping = timed  # type: ignore[method-assign]


def _times(way: Way) -> float:
    connect, round_trip = way.connect_seconds or 0, way.round_trip_seconds or 0
    return max(connect / USUAL_CONNECT_SECONDS, round_trip / USUAL_ROUND_TRIP_SECONDS)


patience = Patience()
