"""The demo's own processes: starts, watches, restarts and ends them."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.embedded import processes
from core.settings.config import environ_with

MARK = "STRATA_DEMO_CHILD_OF"
STOP_SECONDS = 4
LEFTOVER_SECONDS = 2
FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 1.0, 30.0
STEADY_SECONDS = 30


@dataclass
class Child:
    """A command that the demo keeps running; `env` is added to the demo's environment."""

    name: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_seconds: float = FIRST_PAUSE_SECONDS
    due_at: float | None = None


class Children:
    """All children. They inherit a mark in their environment, by which even a later run finds their processes."""

    def __init__(self, data_dir: Path, code_dir: Path, on_progress: Callable[[str], None]) -> None:
        self._mark = str(data_dir)
        self._logs = data_dir / "logs"
        self._code_dir = code_dir
        self._say = on_progress
        self.kept: list[Child] = []

    def end_leftovers(self) -> None:
        """End the processes that a killed demo of the same data directory left behind."""
        left = processes.marked(MARK, self._mark)
        if left:
            self._say("Ending the processes that a killed run left behind")
            processes.end(left, signal.SIGTERM, seconds=LEFTOVER_SECONDS)

    def start(self, name: str, command: list[str], env: dict[str, str]) -> None:
        child = Child(name, command, env)
        self.kept.append(child)
        self.log_of(name).unlink(missing_ok=True)
        self._launch(child)

    def log_of(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def revive(self) -> None:
        """Restart each child that died, each time after a longer pause. The demo calls this again and again."""
        for child in self.kept:
            if child.process is not None and child.process.poll() is not None:
                self._note_death(child, child.process.returncode)
            if child.due_at is not None and time.monotonic() >= child.due_at:
                self._launch(child)

    def stop(self) -> None:
        """End all children and everything they started."""
        for child in self.kept:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.kept:
            if child.process is not None:
                _wait(child.process, deadline - time.monotonic())
        processes.end(processes.marked(MARK, self._mark), signal.SIGKILL)
        self.kept.clear()

    def _launch(self, child: Child) -> None:
        with self.log_of(child.name).open("ab") as log:
            child.process = subprocess.Popen(
                child.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._code_dir,
                env=environ_with({**child.env, MARK: self._mark, "PYTHONUNBUFFERED": "1"}),
                # Ctrl-C in a terminal goes to the whole group; the demo stops its children in order.
                start_new_session=True,
            )
        child.started_at, child.due_at = time.monotonic(), None

    def _note_death(self, child: Child, status: int) -> None:
        lived = time.monotonic() - child.started_at
        pause = FIRST_PAUSE_SECONDS if lived > STEADY_SECONDS else child.pause_seconds
        child.pause_seconds = min(pause * 2, LAST_PAUSE_SECONDS)
        child.process, child.due_at = None, time.monotonic() + pause
        self._say(f"{child.name} ended with status {status}; starts again in {pause:.0f} s ({self.log_of(child.name)})")


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(max(seconds, 0.01))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
