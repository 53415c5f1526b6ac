"""Named places where a test makes a worker die, fail or wait. They do nothing unless STRATA_FAILPOINT names one.

`STRATA_FAILPOINT=load.before_commit=kill`; the actions are `kill` (SIGKILL to this process), `raise` (Crash, which
nothing catches) and `pause:FOLDER` (make FOLDER/reached, wait for FOLDER/go). A point acts once in a process.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.stores import databases

POINTS = {
    "plan": ("begun", "read", "before_commit", "after_commit"),
    "stage": ("begun", "table_written", "before_manifest", "after_manifest", "before_commit", "after_commit"),
    "load": ("begun", "table_loaded", "before_archive_commit", "after_archive_commit", "before_commit", "after_commit"),
    "verify": ("begun", "table_compared", "before_commit", "after_commit"),
    "release": (
        "begun",
        "before_superseded",
        "between_superseded",
        "after_superseded",
        "between_removals",
        "before_commit",
        "after_commit",
    ),
    "restore": ("begun", "inserted", "before_commit", "after_commit"),
    "purge": ("begun", "after_archive_commit", "before_commit"),
}
NAMES = tuple(f"{step}.{point}" for step, points in POINTS.items() for point in points)
PAUSE_POLL_SECONDS = 0.01
PAUSE_LONGEST_SECONDS = 120


class Crash(BaseException):
    """Stands for the end of the process: no handler of ours catches it."""


class BadFailPoint(ValueError):
    """STRATA_FAILPOINT is not NAME=ACTION; the message lists what there is."""


@dataclass
class Armed:
    """A fail point that is to act."""

    name: str
    action: str
    spent: bool = False


_armed: Armed | None = None
_asked_settings = False
hits: set[str] | None = None


def hit(name: str) -> None:
    """Say that this place is reached."""
    if name not in NAMES:
        raise BadFailPoint(f"{name!r} is not listed in core/archiving/failpoints.py")
    if hits is not None:
        hits.add(name)
    armed = _find()
    if armed is not None and armed.name == name and not armed.spent:
        armed.spent = True
        _act(armed.action)


def parse(text: str) -> Armed:
    """`NAME=ACTION`. Raises BadFailPoint."""
    name, _, action = text.partition("=")
    if name not in NAMES:
        raise BadFailPoint(f"STRATA_FAILPOINT: unknown point {name!r}: use one of {', '.join(NAMES)}")
    if action not in ("kill", "raise") and not action.removeprefix("pause:").startswith("/"):
        raise BadFailPoint(f"STRATA_FAILPOINT: unknown action {action!r}: use kill, raise or pause:/FOLDER")
    return Armed(name, action)


@contextmanager
def armed(text: str) -> Iterator[Armed]:
    """Arm a point of this process for a `with` block."""
    global _armed
    before, _armed = _armed, parse(text)
    try:
        yield _armed
    finally:
        _armed = before


@contextmanager
def recorded() -> Iterator[set[str]]:
    """The names of the points that a `with` block reaches."""
    global hits
    hits = set()
    try:
        yield hits
    finally:
        hits = None


def _find() -> Armed | None:
    global _armed, _asked_settings
    if _armed is None and not _asked_settings:
        _asked_settings = True
        text = databases.current().settings.fail_point
        _armed = parse(text) if text else None
    return _armed


def _act(action: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        raise Crash
    _pause(Path(action.removeprefix("pause:")))


def _pause(folder: Path) -> None:
    (folder / "reached").touch()
    until = time.monotonic() + PAUSE_LONGEST_SECONDS
    while not (folder / "go").exists() and time.monotonic() < until:
        time.sleep(PAUSE_POLL_SECONDS)
