"""The replica's state, judged by what the primary has written and not by what the replica has received.

A replica whose stream from the primary is broken has replayed all it received, and would call itself fresh for ever.
A replica that was restarted or rebuilt may be at a lower position than before: pages do not use it until it has
everything that the primary has.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from core.engines.replication import ReplicaLook
from core.stores import databases
from core.stores.databases import Store
from core.stores.probe import Answer, Probe
from core.stores.routing import ReplicaState

log = logging.getLogger(__name__)

REMEMBERED_POSITIONS = 1_000


class ReplicaWatch:
    """The replica's state for routing; asks each server at most once every `probe.PROBE_SECONDS`."""

    def __init__(
        self,
        replica: Callable[[], Answer[ReplicaLook] | None],
        primary: Callable[[], Answer[int] | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._replica, self._primary, self._clock = replica, primary, clock
        self._lock = threading.Lock()
        self._written: deque[tuple[float, int]] = deque(maxlen=REMEMBERED_POSITIONS)
        self._incarnation: str | None = None
        self._is_settled = False

    def state(self) -> ReplicaState:
        """The replica's state now."""
        replica, primary = self._replica(), self._primary()
        with self._lock:
            if primary is not None:
                self._remember(primary)
            if replica is None:
                self._is_settled = False
                return ReplicaState(answers=False)
            look = replica.value
            self._settle(look, primary)
            return ReplicaState(
                answers=True,
                position=look.position,
                lag_seconds=self._lag(look, primary),
                incarnation=look.incarnation,
                is_settled=self._is_settled,
            )

    def _remember(self, primary: Answer[int]) -> None:
        if not self._written or self._written[-1][0] < primary.asked_at:
            self._written.append((primary.asked_at, primary.value))

    def _settle(self, look: ReplicaLook, primary: Answer[int] | None) -> None:
        if look.incarnation != self._incarnation:
            self._incarnation, self._is_settled = look.incarnation, False
        if primary is not None and look.position >= primary.value:
            self._is_settled = True

    def _lag(self, look: ReplicaLook, primary: Answer[int] | None) -> float:
        """The most that the replica can be behind: the time since it had everything, or its newest commit's age."""
        if primary is not None and look.position >= primary.value:
            return 0.0
        bounds = [look.newest_age_seconds] if look.newest_age_seconds is not None else []
        had_all = next((at for at, position in reversed(self._written) if position <= look.position), None)
        if had_all is not None:
            bounds.append(self._clock() - had_all)
        return min(bounds, default=float("inf"))


def ask_replica() -> ReplicaLook | None:
    """What the replica says; None when it does not answer."""
    servers = databases.current()
    try:
        with servers.probe_engine(Store.REPLICA).connect() as connection:
            return servers.adapter.replication.look_at_replica(connection)
    except SQLAlchemyError as fault:
        log.warning("replica does not answer: %s", type(fault).__name__)
        return None


def ask_primary() -> int | None:
    """The primary's log position; None when it does not answer."""
    servers = databases.current()
    try:
        engine = servers.probe_engine(Store.HOT).execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            return servers.adapter.replication.noted_position(connection)
    except SQLAlchemyError as fault:
        log.warning("primary does not answer: %s", type(fault).__name__)
        return None


replica_probe = Probe(ask_replica)
primary_probe = Probe(ask_primary)
watch = ReplicaWatch(replica_probe.latest, primary_probe.latest)


def forget() -> None:
    """Ask both servers again at the next use. For tests, which break and repair servers faster than a probe asks."""
    replica_probe.forget()
    primary_probe.forget()
