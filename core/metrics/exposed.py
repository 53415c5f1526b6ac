"""/metrics on an address of its own, apart from the pages: for Prometheus alone, on loopback or an internal network."""

from __future__ import annotations

import os
import shutil
import tempfile

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def share_among_processes() -> None:
    """Let the processes that this one starts add to the same figures. Call it before anything is counted."""
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="strata-metrics-")
    from prometheus_client import values

    # The library looks for the folder when it is imported, and a command has imported it by now.
    values.ValueClass = values.get_value_class()


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
