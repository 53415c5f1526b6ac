"""A worker as a process of its own, to be killed at a fail point."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import select

from core.models import OutboxMessage
from core.settings import config
from core.stores import databases
from core.stores.databases import Store
from workers import run

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.integration.archive.worker", "workers.archive.driver"])
REACHED_SECONDS = 30
END_SECONDS = 60


def perform_next(environment: Mapping[str, str], log: str) -> None:
    """Do the newest job that waits in the outbox, in a process of its own."""
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), sys.stderr.fileno())
    databases.configure(config.load(environment))
    with databases.read(Store.HOT) as session:
        waiting = select(OutboxMessage.id).where(OutboxMessage.done_at.is_(None), OutboxMessage.queue == "archive")
        message = session.scalars(waiting.order_by(OutboxMessage.id.desc()).limit(1)).one()
    run.perform(message)


@dataclass
class Worker:
    """A worker that was started with `STRATA_FAILPOINT`; `folder` is where it pauses."""

    process: BaseProcess
    folder: Path

    @classmethod
    def start(cls, environment: Mapping[str, str], point: str, folder: Path, *, kill: bool) -> Worker:
        action = "kill" if kill else f"pause:{folder}"
        settings = {**environment, "STRATA_FAILPOINT": f"{point}={action}"}
        process = _context.Process(target=perform_next, args=(settings, str(folder / "log")), daemon=True)
        process.start()
        return cls(process, folder)

    def wait_until_reached(self) -> None:
        """Return once it pauses at its fail point."""
        until = time.monotonic() + REACHED_SECONDS
        while not (self.folder / "reached").exists():
            assert self.process.is_alive(), f"the worker ended before its fail point: {self.log()}"
            assert time.monotonic() < until, "the worker never reached its fail point"
            time.sleep(0.01)

    def let_go(self) -> None:
        (self.folder / "go").touch()

    def ends_within(self, seconds: float) -> bool:
        self.process.join(seconds)
        return not self.process.is_alive()

    def log(self) -> str:
        log = self.folder / "log"
        return log.read_text() if log.exists() else ""
