"""Our move to the archive against that of an earlier checkout, pair by pair in turn, each on servers of its own: rows a
second, seconds of processor, bytes written ahead. By default the commit before patients had pictures.

Name another commit by STRATA_BENCH_AGAINST. Needs the repository's history.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench._environment import ROOT
from bench._spread import spread

VISITS = 100_000
PAIRS = 10
BEFORE_PICTURES = "f303108~1"
FIGURES = ("seconds", "cpu_seconds", "wal_bytes")


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Ratios of ours to the earlier one's; of throughput more is better, of the others less. The first is not told."""
    commit = os.environ.get("STRATA_BENCH_AGAINST", BEFORE_PICTURES)
    taken: dict[str, list[dict[str, float]]] = {"before": [], "now": []}
    with ExitStack() as stack:
        earlier = stack.enter_context(_checkout(commit))
        movers = {name: stack.enter_context(_mover(folder, round(VISITS * scale)))
                  for name, folder in (("before", earlier), ("now", ROOT))}  # fmt: skip
        rows = {name: _answer(mover)["rows"] for name, mover in movers.items()}
        for pair in range(PAIRS + 1):
            for name in ("before", "now") if pair % 2 == 0 else ("now", "before"):
                _tell(movers[name])
                taken[name].append(_answer(movers[name]))
            say(f"pair {pair}: " + ", ".join(f"{name} {_words(moves[-1])}" for name, moves in taken.items()))
    return _figures(commit, rows, {name: moves[1:] for name, moves in taken.items()})


def _figures(commit: str, rows: dict[str, float], taken: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    ratios = {
        figure: spread(
            [now[figure] / before[figure] for now, before in zip(taken["now"], taken["before"], strict=True)]
        )
        for figure in FIGURES
    }
    rates = {name: [rows[name] / move["seconds"] for move in moves] for name, moves in taken.items()}
    pairs = zip(rates["now"], rates["before"], strict=True)
    return {
        "ratio_of_throughput": spread([now / before for now, before in pairs]),
        "ratio_of_cpu_seconds": ratios["cpu_seconds"],
        "ratio_of_wal_bytes": ratios["wal_bytes"],
        "rows_per_second": spread(rates["now"]),
        "before_rows_per_second": spread(rates["before"]),
        "rows": rows["now"],
        "pairs": PAIRS,
        "against": commit,
    }


@contextmanager
def _checkout(commit: str) -> Iterator[Path]:
    """The files of a commit, in a folder that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="strata-against-") as folder:
        command = [shutil.which("git") or "git", "archive", commit]
        packed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


@contextmanager
def _mover(folder: Path, visits: int) -> Iterator[subprocess.Popen[str]]:
    """Our program with a folder's code, ended with the block."""
    command = [sys.executable, "-P", str(Path(__file__).with_name("_mover.py")), str(visits)]
    env = {**os.environ, "PYTHONPATH": str(folder)}
    with subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        if process.stdin is not None:
            process.stdin.close()


def _tell(mover: subprocess.Popen[str]) -> None:
    if mover.stdin is not None:
        mover.stdin.write("go\n")
        mover.stdin.flush()


def _answer(mover: subprocess.Popen[str]) -> dict[str, float]:
    line = mover.stdout.readline() if mover.stdout is not None else ""
    if not line:
        raise RuntimeError("a mover ended")
    told: dict[str, float] = json.loads(line)
    return told


def _words(move: dict[str, float]) -> str:
    return f"{move['seconds']:.1f} s, {move['cpu_seconds']:.1f} s of processor, {move['wal_bytes'] / 1e6:.0f} MB"
