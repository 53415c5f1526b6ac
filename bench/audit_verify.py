"""Verifying the audit trail: events hot and archived, half and half, on one core; memory for four times the events."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from bench import _events
from bench._archived import archive_all
from bench._environment import ROOT, environment
from bench._spread import spread
from core.models import AccessEvent
from core.stores import databases

EVENTS = 1_000_000
TIMES = 4
REPETITIONS = 3
KIB_IN_MB = 1024
# Time and peak memory of a process that only verifies.
PROGRAM = """
import json, re, time
from pathlib import Path
from core.queries import audit_chains
began = time.perf_counter()
verdict = audit_chains.verify()
took = time.perf_counter() - began
# Not getrusage: its peak is inherited from whoever started this process.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
# The events are made in one go: no heads were ever kept of them.
faults = [fault for fault in verdict.faults if not fault.writer.startswith("audit-heads/")]
assert not faults, faults[:3]
print(json.dumps([took, peak, verdict.events]))
"""


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds for all events, and the ratio of peaks to those for a quarter of them."""
    large = round(EVENTS * scale)
    seconds: dict[int, list[float]] = {}
    peaks: dict[int, list[float]] = {}
    for events in (large // TIMES, large):
        with environment(say) as made:
            _events.make(events)
            _archive_half(events)
            made.servers.replica.wait_until_replayed()
            runs = [_verify(made.env) for _ in range(REPETITIONS)]
        seconds[events] = [took for took, _ in runs]
        peaks[events] = [peak for _, peak in runs]
        say(f"{events:,} events: {seconds[events][-1]:.1f} s, {peaks[events][-1]:.0f} MB")
    ratios = [big / little for big, little in zip(peaks[large], peaks[large // TIMES], strict=True)]
    return {
        f"ratio_of_peak_for_{TIMES}_times_the_events": spread(ratios),
        "seconds": spread(seconds[large]),
        "peak_mb": spread(peaks[large]),
        "events_per_second": round(large / sorted(seconds[large])[len(seconds[large]) // 2]),
        "events": large,
    }


def _archive_half(events: int) -> None:
    hot = timedelta(days=databases.current().settings.log_hot_days)
    archive_all("log", _events.START + timedelta(seconds=events / 2) + hot)
    with databases.read(databases.Store.HOT) as session:
        left = session.scalar(select(func.count()).select_from(AccessEvent)) or 0
    if abs(left - events / 2) > events / 100:
        raise RuntimeError(f"{left:,} of {events:,} events are hot, not half")


def _verify(env: dict[str, str]) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    took, peak, _ = json.loads(done.stdout)
    return took, peak / KIB_IN_MB
