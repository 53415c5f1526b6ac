"""A process that imports FHIR and prints what it took: `python -m bench._importer PATH`."""

from __future__ import annotations

import json
import resource
import sys
import threading
from pathlib import Path

import psutil

from core.interchange import fhir
from core.settings import config
from core.stores import databases

LOOK_SECONDS = 0.25


class _Together(threading.Thread):
    """Looks at the memory of this process and of those that it starts."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.peak_kib = 0

    def run(self) -> None:
        me = psutil.Process()
        while not self.ended.wait(LOOK_SECONDS):
            found = sum(_rss(one) for one in (me, *me.children()))
            self.peak_kib = max(self.peak_kib, found // 1024)


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _peak_kib() -> int:
    """Of this process: getrusage would count the one that started it too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0])


def main(path: Path) -> None:
    """Prints rows, refusals, seconds, CPU seconds, and peaks of this process and of it and its children in KiB."""
    databases.configure(config.load())
    together = _Together()
    together.start()
    summary = fhir.import_path(path)
    together.ended.set()
    together.join()
    mine, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        json.dumps(
            {
                "rows": summary.read,
                "new": summary.new,
                "unchanged": summary.unchanged,
                "refused": summary.refused,
                "seconds": summary.seconds,
                "cpu_seconds": mine.ru_utime + mine.ru_stime,
                "children_cpu_seconds": children.ru_utime + children.ru_stime,
                "peak_kib": _peak_kib(),
                "together_peak_kib": max(together.peak_kib, _peak_kib()),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
