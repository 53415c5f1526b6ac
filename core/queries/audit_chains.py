"""Verifying the audit trail across tiers."""

from __future__ import annotations

from dataclasses import dataclass

from core.audit import kept_heads
from core.audit.verifier import Chains, Fault
from core.queries import audit_stream


@dataclass(frozen=True)
class Verdict:
    """How many events and chains were read, and where they do not hold."""

    events: int
    chains: int
    faults: tuple[Fault, ...]


def verify() -> Verdict:
    """Read every chain, hot and cold, on the replica's snapshot, and compare it with the heads kept outside.

    Raises ReplicaBehind, ColdUnavailable, StagingError.
    """
    chains = Chains(kept_heads.kept())
    with audit_stream.snapshot() as session:
        heads = kept_heads.current(session)
        for row in audit_stream.stream(session):
            chains.take(row[1:-1], row[-1])
    chains.end(heads)
    return Verdict(chains.events, len(chains), tuple(chains.faults))
