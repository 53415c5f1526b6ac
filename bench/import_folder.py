"""Import of a folder of FHIR bundles: rows a second, memory for a small folder and a larger one, a big bundle."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import _bundles, _server_cpu
from bench._environment import ROOT, Environment, environment
from bench._spread import spread

BUNDLES, TIMES, REPETITIONS = 500, 4, 3
BIG_BYTES = 20_000_000
KIB_IN_MB = 1024


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Rows a second of new and of known rows, CPU seconds a thousand new rows, and peaks in MB."""
    count = max(_bundles.KINDS, round(BUNDLES * scale))
    new, known, cpu, server_cpu = [], [], [], []
    for _ in range(REPETITIONS):
        with environment(say) as made:
            folder = _folder(made, count)
            before = _of_servers(made)
            large = _import(made, folder, say)
            server_cpu.append(1000 * (_of_servers(made) - before) / large["rows"])
            new.append(large["rows"] / large["seconds"])
            cpu.append(1000 * (large["cpu_seconds"] + large["children_cpu_seconds"]) / large["rows"])
            again = _import(made, folder, say)
            known.append(again["rows"] / again["seconds"])
    with environment(say) as made:
        small = _import(made, _folder(made, count // TIMES), say)
        big = made.folder / "big.json"
        size = _bundles.make_one(big, BIG_BYTES)
        one = _import(made, big, say)
    return {
        "rows_per_second_new": spread(new),
        "rows_per_second_known": spread(known),
        "importer_cpu_seconds_per_1000_rows": spread(cpu),
        "primary_and_replica_cpu_seconds_per_1000_rows": spread(server_cpu),
        f"ratio_of_peak_for_{TIMES}_times_the_bundles": round(large["peak_kib"] / small["peak_kib"], 2),
        "peak_mb": round(large["peak_kib"] / KIB_IN_MB),
        "peak_mb_with_its_readers": round(large["together_peak_kib"] / KIB_IN_MB),
        f"peak_mb_of_one_bundle_of_{size // 1_000_000}_mb": round(one["peak_kib"] / KIB_IN_MB),
        "rows": large["rows"],
        "bundles": count,
        "load_average": os.getloadavg()[0],
    }


def _of_servers(made: Environment) -> float:
    return sum(_server_cpu.seconds(made.servers.postgres[name]) for name in ("primary", "replica"))


def _folder(made: Environment, count: int) -> Path:
    folder = made.folder / str(count)
    shutil.rmtree(folder, ignore_errors=True)
    _bundles.make(folder, count)
    return folder


def _import(made: Environment, path: Path, say: Callable[[str], None]) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench._importer", str(path)]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, **made.env}, capture_output=True, text=True,
                           check=True)  # fmt: skip
    found: dict[str, Any] = json.loads(ended.stdout)
    say(f"{found['rows']:,} rows of {path.name} in {found['seconds']:.1f} s, load {os.getloadavg()[0]:.1f}")
    return found
