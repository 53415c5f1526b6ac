"""CPU seconds that servers of a benchmark have taken."""

from __future__ import annotations

import psutil

from core.embedded.postgres import PostgresServer


def seconds(server: PostgresServer) -> float:
    """Of a PostgreSQL server: its first process, all that have ended, and those that run."""
    first = psutil.Process(int((server.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]))
    times = first.cpu_times()
    ended = times.children_user + times.children_system
    return float(times.user + times.system + ended + sum(map(_taken, first.children())))


def _taken(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
