"""Recording: record() appends to this writer's chain in the caller's transaction.

A writer is one thread of one process, so that nobody waits for another's chain. Its name begins with the kind of
process, which is what events call their portal, and whose key their hashes are under.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.permissions import Actor
from core.audit.chain import GENESIS, Link
from core.audit.decision import Decision, chained, origin
from core.models import AccessEvent, ChainHead
from core.stores import databases


@dataclass
class _Chain:
    """One chain of this thread; `end` is where it was when last looked at: another transaction may have gone on."""

    name: str
    end: Link | None = None


class _Chains(threading.local):
    """This thread's chains, by kind of process; a forked child starts new ones."""

    def __init__(self) -> None:
        self._pid = 0
        self._of: dict[str, _Chain] = {}

    def own(self) -> _Chain:
        if self._pid != os.getpid():
            self._pid, self._of = os.getpid(), {}
        kind = origin.get().portal
        if kind not in self._of:
            self._of[kind] = _Chain(f"{kind}-{socket.gethostname()[:30]}-{self._pid}-{secrets.token_hex(6)}")
        return self._of[kind]


_chains = _Chains()


def record(
    session: Session,
    action: str,
    *,
    by: Actor | None,
    patient_id: int | None = None,
    target: str | None = None,
    outcome: str = "allow",
    purpose: str | None = None,
    at: datetime | None = None,
) -> AccessEvent:
    """Append an event to this writer's chain, in the caller's transaction.

    `action` is `thing.verb`, `target` a row reference such as `visit:12`; texts hold no clinical content.
    """
    return _append(session, Decision(action, by, patient_id, target, outcome, purpose, at))


def record_alone(decision: Decision) -> None:
    """Append an event in a transaction of its own, committed when this returns.

    One round trip while this writer's chain ends where this thread left it; else the head is read first.
    """
    chain = _chains.own()
    end, chain.end = chain.end, None
    if end is not None:
        event = chained(decision, chain.name, end)
        with databases.write_at_once() as connection:
            appended = databases.current().adapter.trail.append_event(connection, event)
        if appended:
            chain.end = Link(event["sequence"], event["hash"])
            return
    with databases.write() as session:
        kept = _append(session, decision)
    chain.end = Link(kept.sequence, kept.hash)


def _append(session: Session, decision: Decision) -> AccessEvent:
    head = _head(session, _chains.own().name)
    event = AccessEvent(**chained(decision, head.writer, Link(head.sequence, head.hash)))
    head.sequence, head.hash = event.sequence, event.hash
    session.add(event)
    session.flush()
    return event


def _head(session: Session, writer: str) -> ChainHead:
    head = session.scalar(select(ChainHead).where(ChainHead.writer == writer).with_for_update())
    if head is None:
        head = ChainHead(writer=writer, sequence=0, hash=GENESIS)
        session.add(head)
    return head
