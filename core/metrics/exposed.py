"""/metrics on an address of its own, apart from the pages: for Prometheus alone, on loopback or an internal network."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
WORKER, JOB = "worker", "job"
KINDS = ("counter", "histogram", "gauge_livesum")


def share_among_processes(named: Callable[[], object] = os.getpid) -> None:
    """Let the processes that this one starts add to the same figures, each under its name. What was counted is lost."""
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="strata-metrics-")
    from prometheus_client import values

    from core.metrics import counters

    # The library looks for the folder when it is imported, and a command has imported it by now.
    values.ValueClass = values.MultiProcessValue(named)
    counters.forget()


def share_with_jobs() -> None:
    """Let the jobs of this worker, one after another and each in a process of its own, add to the same figures.

    They share a name, and so their files: a file for each job would be one more to read at each scrape.
    """
    worker = os.getpid()
    share_among_processes(lambda: WORKER if os.getpid() == worker else JOB)
    from prometheus_client.mmap_dict import MmapedDict

    # A scrape that finds a file just begun fails.
    for name in (WORKER, JOB):
        for kind in KINDS:
            MmapedDict(os.path.join(os.environ[FOLDER], f"{kind}_{name}.db")).close()


def end_sharing() -> None:
    """Remove what the processes have shared."""
    folder = os.environ.pop(FOLDER, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def serve(address: str) -> None:
    """Answer Prometheus from a thread of this process. Raises OSError if the address is taken."""
    from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = REGISTRY
    if FOLDER in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    host, _, port = address.rpartition(":")
    start_http_server(int(port), host.strip("[]"), registry)


def forget_process(pid: int) -> None:
    """A process has ended: its connections count no longer, what it has done does."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid)
