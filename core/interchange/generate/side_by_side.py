"""Work that goes on in processes side by side, a bounded number of parts at a time."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any, TypeVar

from core.interchange.generate import chunk
from core.stores import databases

PROCESSES_MAX = 8
Part = TypeVar("Part")


def each(
    work: Callable[..., Any], parts: Iterator[Part], arguments: tuple[Any, ...], count: int
) -> Iterator[tuple[Part, Any]]:
    """Each part with what `work(part, *arguments)` made of it, as it ends; here, if one process is enough."""
    processes = min(PROCESSES_MAX, os.cpu_count() or 1, count)
    if processes <= 1:
        for one in parts:
            yield one, work(one, *arguments)
        return
    context = multiprocessing.get_context("spawn")
    settings = databases.current().settings
    with ProcessPoolExecutor(processes, context, chunk.prepare, (settings,)) as pool:
        waiting: dict[Future[Any], Part] = {}
        try:
            for one in itertools.islice(parts, 2 * processes):
                waiting[pool.submit(work, one, *arguments)] = one
            while waiting:
                for finished in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(finished), finished.result()
                    for one in itertools.islice(parts, 1):
                        waiting[pool.submit(work, one, *arguments)] = one
        finally:
            pool.shutdown(cancel_futures=True)
