"""`strata generate` at size, as a person runs it: rows a second, log and memory. Scale 1 is 500,000 patients with
5 million visits and 10 million access events. Afterwards pictures of some patients and the whole trail are checked.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import psutil
from sqlalchemy import text

from bench._cost import spent
from bench._environment import ROOT, environment
from core.picture import rebuild
from core.queries import audit_chains
from core.stores import databases
from core.stores.databases import Store

PATIENTS, VISITS_EACH, LOOKS_EACH = 500_000, 10, 20
SAMPLE = 1_000
SAMPLE_SECONDS = 2.0
# How far two neighbours in a table lie apart in time: 1 where rows lie as life lays them.
LAID = "SELECT correlation FROM pg_stats WHERE tablename = 'visit' AND attname = 'started_at'"


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Rows a second of all that is loaded, by the clock of the whole command."""
    patients = round(PATIENTS * scale)
    command = [sys.executable, "-m", "cli", "generate", "--patients", str(patients), "--json",
               "--access-events", str(LOOKS_EACH * patients)]  # fmt: skip
    with environment(say) as made:
        server = made.servers.postgres["primary"]
        before, began = spent(server), time.perf_counter()
        with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **made.env}, stdout=subprocess.PIPE) as process:
            peak = _peaks(process.pid)
            written, _ = process.communicate()
        seconds, cost = time.perf_counter() - began, spent(server).since(before)
        rows = json.loads(written)["new"] + patients
        return {
            "rows_per_second": round(rows / seconds),
            "seconds": round(seconds, 1),
            "rows": rows,
            "wal_bytes_of_a_row": round(cost.wal_bytes / rows),
            "primary_cpu_us_of_a_row": round(cost.cpu_seconds / rows * 1e6, 1),
            "client_cpu_us_of_a_row": round(_children_seconds() / rows * 1e6, 1),
            "peak_mb": round(max(peak) / 1e6),
            "database_gb": round(_scalar("SELECT pg_database_size(current_database())") / 1e9, 2),
            **_checked(say),
        }


def _checked(say: Callable[[str], None]) -> dict[str, Any]:
    began = time.perf_counter()
    sampled = rebuild.sample(SAMPLE)
    wrong = rebuild.differences(sampled)
    verdict = audit_chains.verify()
    say(f"{len(sampled)} pictures and {verdict.events:,} events checked in {time.perf_counter() - began:.0f} s")
    # Heads are kept each hour by a worker, and here is none.
    faults = [fault for fault in verdict.faults if not fault.writer.startswith("audit-heads/")]
    with databases.write() as session:
        session.execute(text("ANALYZE visit"))
    return {"pictures_wrong": len(wrong), "events": verdict.events, "audit_faults": len(faults),
            "visits_lie_by_time": round(_scalar(LAID), 4)}  # fmt: skip


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _scalar(query: str) -> Any:
    with databases.read(Store.HOT) as session:
        return session.scalar(text(query))


def _peaks(pid: int) -> list[int]:
    """The most memory of a process and its children together, in bytes, as a thread samples it."""
    found = [0]

    def follow() -> None:
        try:
            process = psutil.Process(pid)
            while process.is_running():
                found.append(sum(one.memory_info().rss for one in (process, *process.children(recursive=True))))
                time.sleep(SAMPLE_SECONDS)
        except psutil.Error:
            return

    threading.Thread(target=follow, daemon=True).start()
    return found
