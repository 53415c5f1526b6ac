"""What a check takes of one core, the same way for each that is compared."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from evals.cases import Case

FoundT = TypeVar("FoundT")


def timed(cases: Sequence[Case], check: Callable[[Case], FoundT]) -> tuple[list[FoundT], float]:
    """What the check finds in each case; the seconds of one core that all the checks took."""
    gc.collect()
    gc.freeze()  # the cases themselves are no garbage to look through while timing
    began = time.process_time()
    found = [check(case) for case in cases]
    seconds = time.process_time() - began
    gc.unfreeze()
    return found, seconds
