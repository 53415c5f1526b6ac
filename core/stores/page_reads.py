"""The read of a page: on the replica if that has all the account wrote and saw, else on the primary, up to a limit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.metrics import counters
from core.stores import databases
from core.stores.databases import Store
from core.stores.freshness import Positions
from core.stores.outage import UNREACHABLE, PrimarySilent, primary
from core.stores.replica_watch import watch
from core.stores.routing import Decision, ReadKind, ReplicaState, choose

log = logging.getLogger(__name__)

HOT_PAGE_SECONDS = 3.0
SPILL_WAIT_SECONDS = 0.2
SPILL_RETRY_SECONDS = 3
# Why another store answered than the one that was chosen.
DOES_NOT_SERVE = "chosen store silent"


class Busy(Exception):
    """Too many pages read the primary in the replica's place; the reader can try again in a moment."""


class Reincarnated(Exception):
    """The replica has restarted since the last look at it: its position may be lower than the one that was judged."""


@dataclass(frozen=True)
class Reader:
    """Who reads: an account or nobody, and the position that the browser brings along."""

    account_id: int | None
    position: int = 0


class Spill:
    """Counts the pages of this process that read the primary at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._reading = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of STRATA_SPILL_READS_MAX places for a `with` block. Raises Busy if no place becomes free soon."""
        with self._lock:
            if not self._lock.wait_for(self._is_free, SPILL_WAIT_SECONDS):
                raise Busy("too many pages read the primary in the replica's place")
            self._reading += 1
        try:
            yield
        finally:
            with self._lock:
                self._reading -= 1
                self._lock.notify()

    def _is_free(self) -> bool:
        return self._reading < databases.current().settings.spill_reads_max


spill = Spill()


@contextmanager
def page_read(positions: Positions, reader: Reader) -> Iterator[Session]:
    """A read-only session on the store that fits. `session.info` has the `store`, and whether it `may_be_behind`.

    After a block that read the primary, `session.info["position"]` is the position that the account has now seen.
    Raises Busy, and SQLAlchemyError if neither the primary nor the replica answers.
    """
    needs = _needs(positions, reader)
    replica = watch.state()
    bound = databases.current().settings.replica_lag_bound_seconds
    decision = choose(ReadKind.PAGE, needs=needs, replica=replica, lag_bound_seconds=bound)
    with ExitStack() as stack:
        session = _first_answering(stack, decision, replica)
        is_chosen = session.info["store"] is decision.store
        counters.read(session.info["store"], decision.cause if is_chosen else DOES_NOT_SERVE)
        yield session
        if session.info["store"] is Store.HOT:
            position = databases.current().adapter.replication.seen_position(session.connection())
            session.info["position"] = position
            if reader.account_id is not None:
                positions.raise_to(reader.account_id, position)


def _needs(positions: Positions, reader: Reader) -> int | None:
    if reader.account_id is None:
        return reader.position
    known = positions.needed(reader.account_id)
    return None if known is None else max(known, reader.position)


def _first_answering(stack: ExitStack, decision: Decision, replica: ReplicaState) -> Session:
    """Connect to the store of the decision, else to the primary, else to the replica in whatever state it is."""
    tries = [
        (Store.HOT, False, lambda: connect_hot(stack)),
        (Store.REPLICA, True, lambda: connect_replica(stack, None)),
    ]
    if decision.store is Store.REPLICA:
        tries.insert(0, (Store.REPLICA, False, lambda: connect_replica(stack, replica)))
    for store, may_be_behind, connect in tries:
        try:
            session = connect()
        except (*UNREACHABLE, Reincarnated) as fault:
            log.warning("%s does not serve: %s", store, type(fault).__name__)
            silent = fault
            continue
        session.info.update(store=store, may_be_behind=may_be_behind)
        return session
    raise silent


def connect_hot(stack: ExitStack) -> Session:
    if primary.refuses():
        raise PrimarySilent("the primary failed a moment ago")
    with ExitStack() as attempt:
        attempt.enter_context(spill.place())
        try:
            session = attempt.enter_context(databases.read(Store.HOT, HOT_PAGE_SECONDS))
            session.connection()
        except UNREACHABLE:
            primary.failed()
            raise
        primary.answered()
        stack.push(attempt.pop_all())
    return session


def connect_replica(stack: ExitStack, judged: ReplicaState | None) -> Session:
    """A session on the replica. Raises Reincarnated if the replica restarted after it was judged; None takes any."""
    servers = databases.current()
    with ExitStack() as attempt:
        session = attempt.enter_context(databases.read(Store.REPLICA))
        connection = session.connection()
        servers.adapter.limits.limit_silence(connection, servers.settings.statement_timeout_seconds)
        if "incarnation" not in connection.info:
            connection.info["incarnation"] = servers.adapter.replication.look_at_replica(connection).incarnation
        if judged is not None and connection.info["incarnation"] != judged.incarnation:
            raise Reincarnated("the replica was restarted a moment ago")
        stack.push(attempt.pop_all())
    return session
