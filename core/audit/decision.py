"""What is recorded: a decision on who did what, where it came from, and both as the columns of an access event."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.access.permissions import Actor
from core.audit import audit_keys
from core.audit.chain import CHAINED, Link, values_hash
from core.models import utc_now


@dataclass(frozen=True)
class Origin:
    """Where an action comes from: the portal or kind of process, the client's address, the request's id."""

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
    return {**event, "hash": values_hash([event[name] for name in CHAINED], audit_keys.own(here.portal))}
