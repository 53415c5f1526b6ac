"""Peak memory of the process that sweeps, for a small and a four times larger number of rows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bench import _visits
from bench._environment import ROOT, Environment, environment
from bench._spread import spread
from core.services import archive
from core.stores import databases

VISITS = 20_000
TIMES = 4
REPETITIONS = 3
KIB_IN_MB = 1024
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """The ratio of peaks, and both peaks in MB."""
    small, large = round(VISITS * scale), round(VISITS * scale) * TIMES
    peaks: dict[int, list[float]] = {}
    for visits in (small, large):
        with environment(say) as made:
            rows = _visits.make(visits)
            peaks[visits] = [_peak(made) for _ in range(REPETITIONS)]
            say(f"{rows:,} rows: {peaks[visits][-1]:.0f} MB")
    ratios = [big / little for big, little in zip(peaks[large], peaks[small], strict=True)]
    return {
        f"ratio_of_peak_for_{TIMES}_times_the_rows": spread(ratios),
        "peak_mb_small": spread(peaks[small]),
        "peak_mb_large": spread(peaks[large]),
        "visits_small": small,
        "visits_large": large,
    }


def _peak(made: Environment) -> float:
    _visits.put_back()
    with databases.write() as session:
        run_id = archive.start_run(session, record_type="visit", by=None, as_of=AS_OF).id
    command = [sys.executable, "-m", "bench._sweeper", str(run_id)]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, **made.env}, capture_output=True, text=True,
                           check=True)  # fmt: skip
    return int(ended.stdout) / KIB_IN_MB
