"""A run's sign of life while a step works, and the lock by which one driver has the run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, text, update
from sqlalchemy.exc import SQLAlchemyError

from core.jobs import outbox
from core.models import ArchiveRun, utc_now
from core.stores import databases
from core.stores.databases import Store

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
LOCK_IDLE_SECONDS = 12.0
STEP_IDLE_SECONDS = 300.0


class Hold:
    """A driver's hold on a run; `lost` when the connection that has the run's lock is gone."""

    def __init__(self, run_id: int, connection: Connection) -> None:
        self.run_id = run_id
        self._connection = connection
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat of run {run_id}", daemon=True)

    @property
    def lost(self) -> bool:
        return self._lost.is_set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=LOCK_IDLE_SECONDS)

    def _beat(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            try:
                self._connection.execute(text("SELECT 1"))
                with databases.write(BEAT_SECONDS) as session:
                    session.execute(
                        update(ArchiveRun).where(ArchiveRun.id == self.run_id).values(heartbeat_at=utc_now())
                    )
            except SQLAlchemyError as fault:
                log.warning("run %s: no heartbeat: %s", self.run_id, type(fault).__name__)
                if self._connection.invalidated or self._connection.closed:
                    self._lost.set()
                    return


@contextmanager
def hold(run_id: int) -> Iterator[Hold]:
    """Hold a run for a `with` block, with a heartbeat. Raises NotNow while another driver has it.

    The primary frees the lock by itself when it hears nothing for LOCK_IDLE_SECONDS.
    """
    servers = databases.current()
    with servers.engine(Store.HOT, read_only=False).connect() as connection:
        connection.begin()
        servers.adapter.limits.limit_idle(connection, LOCK_IDLE_SECONDS)
        if not servers.adapter.locks.try_lock(connection, f"archive run {run_id}"):
            raise outbox.NotNow(f"another worker drives run {run_id}")
        held = Hold(run_id, connection)
        held.start()
        try:
            yield held
        finally:
            held.stop()
            with suppress(SQLAlchemyError):
                connection.rollback()
