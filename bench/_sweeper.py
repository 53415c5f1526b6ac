"""A process that drives one run to its end and prints its own peak memory: `python -m bench._sweeper RUN_ID`."""

from __future__ import annotations

import resource
import sys

from core.models import ArchiveRun, RunState
from core.settings import config
from core.stores import databases
from core.stores.databases import Store
from workers.archive import driver


def main(run_id: int) -> None:
    """Prints KiB, as Linux counts the resident set."""
    databases.configure(config.load())
    while _state(run_id) in (RunState.PLANNING, RunState.RUNNING):
        driver.drive(run_id)
    if _state(run_id) != RunState.DONE:
        raise SystemExit(f"run {run_id} is {_state(run_id)}")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _state(run_id: int) -> str:
    with databases.read(Store.HOT) as session:
        return session.get_one(ArchiveRun, run_id).state


if __name__ == "__main__":
    main(int(sys.argv[1]))
