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
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import db
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


@dataclass(frozen=True)
class Link:
    """A place in a chain: the event's number and its hash."""

    sequence: int
    hash: str


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
        with db.write_at_once() as connection:
            appended = db.databases().adapter.append_event(connection, event)
        if appended:
            _writer.end = Link(event["sequence"], event["hash"])
            return
    with db.write() as session:
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


def event_hash(event: AccessEvent) -> str:
    """SHA-256 over what an event says and its place in the chain: lower-case hex."""
    return values_hash([getattr(event, name) for name in CHAINED])


def values_hash(values: Sequence[Any]) -> str:
    """The hash of an event given as its CHAINED values, the instant first."""
    at: datetime = values[0]
    plain = [at.astimezone(UTC).isoformat(timespec="microseconds"), *values[1:]]
    return hashlib.sha256(_encode(plain).encode()).hexdigest()


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_WRITER, _SEQUENCE, _PREVIOUS = (CHAINED.index(name) for name in ("writer", "sequence", "previous_hash"))


NOT_AS_KEPT = "is not the event that was kept outside the database"


@dataclass(frozen=True)
class Fault:
    """A place where a chain does not hold."""

    writer: str
    sequence: int
    what: str


class Chains:
    """Checks the events of all writers as they come; each writer's in order. Keeps one link a writer."""

    def __init__(self, kept: Mapping[str, Link] | None = None) -> None:
        """`kept` are links that were kept outside the database: each must be an event of its chain."""
        self.faults: list[Fault] = []
        self.events = 0
        self._kept = dict(kept or {})
        self._tips: dict[str, Link] = {}

    def __len__(self) -> int:
        return len(self._tips)

    def take(self, values: Sequence[Any], stated: str) -> None:
        """Check one event, given as its CHAINED values and the hash that stands beside them."""
        self.events += 1
        writer, sequence = values[_WRITER], values[_SEQUENCE]
        tip = self._tips.get(writer, START)
        if values_hash(values) != stated:
            self.faults.append(Fault(writer, sequence, "was altered"))
        if sequence <= tip.sequence:
            self.faults.append(Fault(writer, sequence, "is out of order, or there twice and not alike"))
            return
        if sequence != tip.sequence + 1:
            self.faults.append(Fault(writer, tip.sequence + 1, f"{sequence - tip.sequence - 1} event(s) missing"))
        elif values[_PREVIOUS] != tip.hash:
            self.faults.append(Fault(writer, sequence, "does not follow the event before it"))
        self._tips[writer] = Link(sequence, stated)
        kept = self._kept.pop(writer) if self._kept.get(writer, START).sequence == sequence else None
        if kept is not None and kept.hash != stated:
            self.faults.append(Fault(writer, sequence, NOT_AS_KEPT))

    def end(self, heads: dict[str, Link]) -> None:
        """After the last event: compare every chain's end with its head."""
        self.faults += _ends(self._tips, heads)
        self.faults += [Fault(writer, link.sequence, NOT_AS_KEPT) for writer, link in sorted(self._kept.items())]


START = Link(0, GENESIS)


def _ends(tips: dict[str, Link], heads: dict[str, Link]) -> Iterator[Fault]:
    for writer in sorted(tips.keys() | heads.keys()):
        tip, head = tips.get(writer, START), heads.get(writer)
        if head is None:
            yield Fault(writer, tip.sequence, "the chain's head is missing")
        elif writer not in tips and head.sequence:
            yield Fault(writer, 1, "every event of the chain is missing")
        elif head.sequence > tip.sequence:
            yield Fault(writer, tip.sequence + 1, f"{head.sequence - tip.sequence} event(s) missing at the end")
        elif head != tip:
            yield Fault(writer, head.sequence, "the chain's head is not its last event")
