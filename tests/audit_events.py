"""Whether a writer's chain holds; what FHIR R4 requires of an AuditEvent, checked without a FHIR validator."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.audit import audit_keys
from core.audit.chain import CHAINED, Link
from core.audit.verifier import Chains, Fault, Proof
from core.models import AccessEvent, ChainHead
from core.stores import databases
from core.stores.databases import Store

ELEMENTS = {
    "resourceType", "id", "meta", "type", "subtype", "action", "recorded", "outcome", "outcomeDesc", "purposeOfEvent",
    "agent", "source", "entity",
}  # fmt: skip


def chain_faults(writer: str) -> list[Fault]:
    """The faults of one writer's chain on the primary."""
    chains = Chains(proof=Proof(audit_keys.of_all()))
    with databases.read(Store.HOT) as session:
        query = select(AccessEvent).where(AccessEvent.writer == writer).order_by(AccessEvent.sequence)
        for event in session.scalars(query):
            chains.take([getattr(event, name) for name in CHAINED], event.hash)
        head = session.get(ChainHead, writer)
    chains.end({writer: Link(head.sequence, head.hash)} if head is not None else {})
    return chains.faults


def assert_r4(event: dict[str, Any]) -> None:
    """The required elements, their shapes, required codes, and the resource's own invariants."""
    assert event["resourceType"] == "AuditEvent"
    assert set(event) <= ELEMENTS
    assert event["id"].isascii()
    assert_coding(event["type"])
    for subtype in event.get("subtype", []):
        assert_coding(subtype)
    assert event["action"] in "CRUDE"
    assert datetime.fromisoformat(event["recorded"]).tzinfo is not None
    assert event["outcome"] in ("0", "4", "8", "12")
    assert event["agent"]
    for agent in event["agent"]:
        assert isinstance(agent["requestor"], bool)
        assert agent["network"]["type"] in "12345" if "network" in agent else True
    assert sum(agent["requestor"] for agent in event["agent"]) == 1
    assert event["source"]["observer"]
    for entity in event.get("entity", []):
        assert not {"name", "query"} <= set(entity)
        assert_coding(entity["type"])
    assert_no_empty(event)


def assert_coding(coding: dict[str, Any]) -> None:
    assert coding["code"]
    assert ":" in coding["system"]


def assert_no_empty(value: Any) -> None:
    """FHIR allows no null, and no empty list, object or text."""
    assert value not in (None, "", [], {})
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        assert_no_empty(part)
