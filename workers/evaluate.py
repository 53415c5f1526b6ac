"""The weekly evaluation, as a job. The suites run as a process of their own: workers import nothing of them."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

from core.services.evaluations import KEPT

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[1]
SECONDS_MAX = 840


def evaluate(suite: str) -> str:
    """Run a suite and keep its result. Raises RuntimeError when it could not be run, so that it is tried again."""
    command = [sys.executable, "-m", "cli", "eval", "run", suite, "--keep"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    if KEPT not in done.stderr:
        raise RuntimeError(f"{suite} could not be run: {done.stderr.strip().splitlines()[-1:]}")
    outcome = "fell short" if done.returncode else "passed"
    log.warning("evaluation %s %s", suite, outcome)
    return f"{suite} {outcome}"
