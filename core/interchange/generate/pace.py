"""How far a population is, in rows and by the clock, and how near the replica follows."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.interchange.summary import Progress, Summary
from core.stores import freshness

# So many parts may be loaded that the replica does not have yet: the log that is kept for it has a limit.
AHEAD, REPLICA_SECONDS = 4, 60.0


@dataclass(slots=True)
class Pace:
    """Counts what is loaded and tells it after each part."""

    summary: Summary
    tell: Progress
    rows: int = 0
    _what: str = "patients"
    _done: int = 0
    _total: int = 0
    _began: float = field(default_factory=time.monotonic)

    def begin(self, what: str, total: int, done: int = 0) -> None:
        """Begin a phase."""
        self._what, self._total, self._done = what, total, done

    def add(self, done: int, counts: Mapping[str, int]) -> None:
        """A part is loaded, with so many rows by table."""
        self._done += done
        for table, count in counts.items():
            self.rows += count
            self.summary.of(table).read += count
            self.summary.of(table).new += count
        each = self.rows / max(1e-3, time.monotonic() - self._began)
        self.tell(f"{self}, {self.rows:,} rows at {each:,.0f} a second")

    def __str__(self) -> str:
        return f"{self._what} {self._done:,} of {self._total:,}"


class Replica:
    """Whom the load waits for, so that it does not outrun it."""

    def __init__(self) -> None:
        self._positions: deque[int] = deque()
        self._silent = False

    def keep_near(self) -> None:
        """Wait until it has what was loaded some parts ago; once in vain, then no longer until it is back."""
        self._positions.append(freshness.primary_position())
        if len(self._positions) <= AHEAD:
            return
        try:
            freshness.wait_for_replica(self._positions.popleft(), 0.0 if self._silent else REPLICA_SECONDS)
            self._silent = False
        except freshness.ReplicaBehind:
            self._silent = True
