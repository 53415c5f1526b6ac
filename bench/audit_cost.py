"""What a recorded look adds to a page: an event on the trail, committed to the disk, before the page is sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bench._environment import environment
from bench._spread import spread
from core import audit
from core.audit import Decision
from core.stores import databases

REPETITIONS = 7
EVENTS = 1_000
PERCENT = 0.95
LOOK = Decision("visit.viewed", None, 1, "visit:1")


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Milliseconds at the 95th percentile: as pages record it, and as a transaction of three statements."""
    many = max(100, round(EVENTS * scale))
    with environment(say):
        alone, transaction = list[float](), list[float]()
        for _ in range(REPETITIONS):
            alone.append(_p95(lambda: audit.record_alone(LOOK), many))
            transaction.append(_p95(_in_transaction, many))
    return {
        "alone_ms_p95": spread(alone),
        "in_transaction_ms_p95": spread(transaction),
        "transaction_over_alone": spread([slow / fast for fast, slow in zip(alone, transaction, strict=True)]),
        "events": many,
    }


def _in_transaction() -> None:
    with databases.write() as session:
        audit.record(session, LOOK.action, by=LOOK.by, patient_id=LOOK.patient_id, target=LOOK.target)


def _p95(act: Callable[[], None], times: int) -> float:
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        spent.append(time.perf_counter() - began)
    return sorted(spent)[int(times * PERCENT)] * 1_000
