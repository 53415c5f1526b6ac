"""Recording: record() appends to this writer's chain in the caller's transaction.

A writer is one thread of one process, so that nobody waits for another's chain.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.permissions import Actor
from core.audit.chain import CHAINED, GENESIS, Link, values_hash
from core.models import AccessEvent, ChainHead, utc_now
from core.stores import databases


@dataclass(frozen=True)
class Origin:
    """Where an action comes from: the portal or process, the client's address, the request's id."""

    portal: str
    address: str | None = None
    request_id: str | None = None


origin: ContextVar[Origin] = ContextVar("origin", default=Origin("command"))  # noqa: B039 - frozen


@dataclass(frozen=True)
class Decision:
    """What was decided: `action` is `thing.verb`, `target` a row reference such as `visit:12`; no clinical content."""

    action: str
    by: Actor | None
    patient_id: int | None = None
    target: str | None = None
    outcome: str = "allow"
    purpose: str | None = None
    at: datetime | None = None


class _Writer(threading.local):
    """This thread's chain; a forked child starts a new one."""

    def __init__(self) -> None:
        self._pid, self._name = 0, ""
        # Where the chain ended when this thread last looked; another transaction of it may have gone on since.
        self.end: Link | None = None

    @property
    def name(self) -> str:
        if self._pid != os.getpid():
            self._pid, self.end = os.getpid(), None
            self._name = f"{socket.gethostname()[:30]}-{self._pid}-{secrets.token_hex(6)}"
        return self._name


_writer = _Writer()


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
    head = _head(session, _writer.name)
    decision = Decision(action, by, patient_id, target, outcome, purpose, at)
    event = AccessEvent(**chained(decision, head.writer, Link(head.sequence, head.hash)))
    head.sequence, head.hash = event.sequence, event.hash
    session.add(event)
    session.flush()
    return event


def record_alone(decision: Decision) -> None:
    """Append an event in a transaction of its own, committed when this returns.

    One round trip as long as this writer's chain ends where it was left; else as `record`.
    """
    writer, end = _writer.name, _writer.end
    _writer.end = None
    if end is not None:
        event = chained(decision, writer, end)
        with databases.write_at_once() as connection:
            appended = databases.current().adapter.trail.append_event(connection, event)
        if appended:
            _writer.end = Link(event["sequence"], event["hash"])
            return
    with databases.write() as session:
        kept = record(session, decision.action, by=decision.by, patient_id=decision.patient_id, target=decision.target,
                      outcome=decision.outcome, purpose=decision.purpose, at=decision.at)  # fmt: skip
    _writer.end = Link(kept.sequence, kept.hash)


def chained(decision: Decision, writer: str, end: Link) -> dict[str, Any]:
    """A decision as the columns of its access event, the next of a chain."""
    here = origin.get()
    event: dict[str, Any] = {
        "at": decision.at or utc_now(),
        "portal": here.portal,
        "action": decision.action,
        "outcome": decision.outcome,
        "account_id": decision.by.id if decision.by is not None else None,
        "actor_name": decision.by.name if decision.by is not None else None,
        "actor_role": decision.by.role if decision.by is not None else None,
        "patient_id": decision.patient_id,
        "target": decision.target,
        "purpose": decision.purpose,
        "address": here.address,
        "request_id": here.request_id,
        "writer": writer,
        "sequence": end.sequence + 1,
        "previous_hash": end.hash,
    }
    return {**event, "hash": values_hash([event[name] for name in CHAINED])}


def _head(session: Session, writer: str) -> ChainHead:
    head = session.scalar(select(ChainHead).where(ChainHead.writer == writer).with_for_update())
    if head is None:
        head = ChainHead(writer=writer, sequence=0, hash=GENESIS)
        session.add(head)
    return head
