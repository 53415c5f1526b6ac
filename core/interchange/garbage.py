"""The search for cycles of objects, which an import rarely makes: it took a tenth of the time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# With fewer searches than these, garbage that had grown old stayed: 13 MB in 500 bundles.
THRESHOLDS = (10_000, 10, 10)


@contextmanager
def searched_rarely() -> Iterator[None]:
    """Search seldom within the block, and never among the objects that are there before it."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
