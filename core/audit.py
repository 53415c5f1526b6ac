"""The audit trail: record() in the caller's transaction, a hash chain per writer.

A writer is one thread of one process, so that nobody waits for another's chain.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import threading
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import AccessEvent, ChainHead, utc_now
from core.permissions import Actor

GENESIS = "0" * 64
CHAINED = (
    "at", "portal", "action", "outcome", "account_id", "actor_name", "actor_role", "patient_id", "target", "purpose",
    "address", "request_id", "writer", "sequence", "previous_hash",
)  # fmt: skip


@dataclass(frozen=True)
class Origin:
    """Where an action comes from: the portal or process, the client's address, the request's id."""

    portal: str
    address: str | None = None
    request_id: str | None = None


origin: ContextVar[Origin] = ContextVar("origin", default=Origin("command"))  # noqa: B039 - frozen


class _Writer(threading.local):
    """This thread's chain; a forked child starts a new one."""

    def __init__(self) -> None:
        self._pid, self._name = 0, ""

    @property
    def name(self) -> str:
        if self._pid != os.getpid():
            self._pid = os.getpid()
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
    here = origin.get()
    head = _head(session, _writer.name)
    event = AccessEvent(
        at=at or utc_now(),
        portal=here.portal,
        action=action,
        outcome=outcome,
        account_id=by.id if by is not None else None,
        actor_name=by.name if by is not None else None,
        actor_role=by.role if by is not None else None,
        patient_id=patient_id,
        target=target,
        purpose=purpose,
        address=here.address,
        request_id=here.request_id,
        writer=head.writer,
        sequence=head.sequence + 1,
        previous_hash=head.hash,
    )
    event.hash = event_hash(event)
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


def event_hash(event: AccessEvent) -> str:
    """SHA-256 over what an event says and its place in the chain: lower-case hex."""
    values = [_plain(getattr(event, name)) for name in CHAINED]
    return hashlib.sha256(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


@dataclass(frozen=True)
class Fault:
    """A place where a chain does not hold."""

    writer: str
    sequence: int
    what: str


def verify_chain(writer: str, events: Iterable[AccessEvent], head: ChainHead | None) -> list[Fault]:
    """Check one writer's events, given in order of sequence from all tiers, against each other and the chain's head."""
    faults: list[Fault] = []
    sequence, previous = 0, GENESIS
    for event in events:
        if event.sequence != sequence + 1:
            faults.append(Fault(writer, sequence + 1, f"{event.sequence - sequence - 1} event(s) missing"))
        elif event.previous_hash != previous:
            faults.append(Fault(writer, event.sequence, "does not follow the event before it"))
        if event_hash(event) != event.hash:
            faults.append(Fault(writer, event.sequence, "was altered"))
        sequence, previous = event.sequence, event.hash
    if head is None:
        faults.append(Fault(writer, sequence, "the chain's head is missing"))
    elif (head.sequence, head.hash) != (sequence, previous):
        faults.append(Fault(writer, sequence + 1, f"{head.sequence - sequence} event(s) missing at the end"))
    return faults
