"""One driver's lanes: threads that each do one batch's step, so that primary and archive work at the same time."""

from __future__ import annotations

import threading
import time
from contextvars import copy_context

from sqlalchemy import update

from core.jobs import outbox
from core.models import ArchiveRun, RunState, utc_now
from core.stores import databases
from core.stores.databases import Store
from workers.archive import steps, throttles
from workers.archive.heartbeat import Hold
from workers.archive.steps import Begun

LOOK_SECONDS = 0.25


class Crew:
    """Works on a run until the run rests or the time is up; then `rests` and `throttled` tell why."""

    def __init__(self, run_id: int, held: Hold, until: float) -> None:
        self.rests = False
        self.throttled = False
        self._run_id, self._held, self._until = run_id, held, until
        self._changed = threading.Condition()
        self._busy: set[int] = set()
        self._stop = threading.Event()
        self._raised: list[BaseException] = []

    def work(self, lanes: int) -> None:
        """Work with this number of lanes. When all have stopped, raises the first exception that a lane raised."""
        # Each lane acts for the same kind of process.
        others = [
            threading.Thread(target=copy_context().run, args=(self._lane,), name=f"lane {number}")
            for number in range(2, lanes + 1)
        ]
        for thread in others:
            thread.start()
        self._lane()
        for thread in others:
            thread.join()
        if self._raised:
            raise self._raised[0]

    def _lane(self) -> None:
        try:
            while not self._stop.is_set() and time.monotonic() < self._until:
                self._take_step()
        except BaseException as fault:
            self._raised.append(fault)
            self._stop.set()

    def _take_step(self) -> None:
        if self._held.lost:
            raise outbox.NotNow(f"run {self._run_id} was lost: the primary did not answer")
        begun = self._choose()
        if begun is None:
            return
        try:
            if not steps.perform(begun):
                self.rests = True
                self._stop.set()
        finally:
            self._free(begun)

    def _choose(self) -> Begun | None:
        """Begin the next step. If there is none for this lane, wait a little, or stop all lanes if the run rests."""
        with self._changed:
            if self._stop.is_set():
                return None
            self.throttled = throttled(self._run_id, self._busy)
            if not self.throttled:
                with databases.write() as session:
                    begun = steps.begin(session, self._run_id, self._busy)
                if begun is not None:
                    self._busy.add(begun.batch_id)
                    return begun
                if not self._busy:
                    self.rests = True
                    self._stop.set()
                    return None
            self._changed.wait(LOOK_SECONDS)
        return None

    def _free(self, begun: Begun) -> None:
        with self._changed:
            self._busy.discard(begun.batch_id)
            self._changed.notify_all()


def throttled(run_id: int, busy: set[int] | frozenset[int] = frozenset()) -> bool:
    """Whether the run must wait before its next batch; the reason is kept with the run, to be shown."""
    with databases.read(Store.HOT) as session:
        run = session.get_one(ArchiveRun, run_id)
        if run.state != RunState.RUNNING or steps.waiting_batch(session, run, busy) is not None:
            return False
    why = throttles.reason(run_id)
    if why != run.throttle_reason:
        since = (run.throttled_at or utc_now()) if why else None
        with databases.write() as session:
            still = (ArchiveRun.id == run_id, ArchiveRun.state == RunState.RUNNING)
            session.execute(update(ArchiveRun).where(*still).values(throttle_reason=why, throttled_at=since))
    return why is not None
