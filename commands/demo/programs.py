"""The command lines of the programs that the demo runs beside the servers."""

from __future__ import annotations

import sys
from pathlib import Path

from core.embedded.ports import HOST

CODE_DIR = Path(__file__).parents[2]
# The whole demo must stop within 10 seconds. Preloaded: a portal is loaded once, and its two processes share it.
GUNICORN_OPTIONS = (
    "--workers=2 --threads=4 --worker-class=gthread --graceful-timeout=3 --no-control-socket --preload"
    " --config=python:core.web.gunicorn_hooks"
)


def strata(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli", *arguments]


def portal(name: str, port: int) -> list[str]:
    return [sys.executable, "-m", "gunicorn", f"wsgi:{name}()", f"--bind={HOST}:{port}", *GUNICORN_OPTIONS.split()]


def worker(*queues: str) -> list[str]:
    return strata("worker", *queues)


def scheduler() -> list[str]:
    return strata("schedule")


def offline_model(port: int, *, controls: bool) -> list[str]:
    """The offline model; with `controls`, tests can tell it to misbehave."""
    command = [sys.executable, "-m", "evals.offline_model", "--port", str(port)]
    return [*command, "--controls"] if controls else command
