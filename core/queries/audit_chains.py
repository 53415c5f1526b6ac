"""Verifying the audit trail across tiers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.audit import audit_keys, kept_heads
from core.audit.chain import Link
from core.audit.head_sets import Series
from core.audit.verifier import Chains, Fault, Proof
from core.models import utc_now
from core.queries import audit_stream
from core.queries.audit_stream import EventRow
from core.queries.released_batches import RELEASED, Releases
from core.stores import databases

_ACTION, _TARGET, _PURPOSE = (audit_stream.COLUMNS.index(name) for name in ("action", "target", "purpose"))


@dataclass(frozen=True)
class Verdict:
    """How many events and chains were read, and where they do not hold.

    `unkeyed` events are proved by no key; `heads_at` is when heads were last kept outside, `head_sets` how often.
    """

    events: int
    chains: int
    unkeyed: int
    heads_at: datetime | None
    head_sets: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Evidence:
    """What events are held against: sets of heads, keys, and what the database says of heads and of sets."""

    series: Series
    proof: Proof
    heads: Mapping[str, Link]
    noted: Mapping[int, str]


def verify() -> Verdict:
    """Read every chain, hot and cold, on the replica's snapshot, and compare it with the heads kept outside.

    Raises ReplicaBehind, ColdUnavailable, StagingError.
    """
    series = kept_heads.kept()
    proof = Proof(audit_keys.of_all(), series.first.heads if series.first is not None else None)
    longest = timedelta(minutes=databases.current().settings.audit_heads_minutes)
    with audit_stream.snapshot() as session:
        evidence = Evidence(series, proof, kept_heads.current(session), kept_heads.noted(session))
        return judge(audit_stream.stream(session), evidence, now=utc_now(), longest=longest)


def judge(rows: Iterable[EventRow], evidence: Evidence, *, now: datetime, longest: timedelta) -> Verdict:
    """Hold all events, by id, against the evidence; heads may not be older than `longest`."""
    series = evidence.series
    chains, releases = Chains(series.heads, evidence.proof), Releases()
    for row in rows:
        chains.take(row[1:-1], row[-1])
        if row[_ACTION] == RELEASED:
            releases.take(row[_TARGET], row[_PURPOSE])
    chains.end(evidence.heads)
    of_sets = kept_heads.missing(series, evidence.noted)
    overdue = kept_heads.overdue(series, chains.oldest_at, now, longest)
    newest = series.newest
    return Verdict(
        events=chains.events,
        chains=len(chains),
        unkeyed=chains.unkeyed,
        heads_at=newest.kept_at if newest is not None else None,
        head_sets=newest.number if newest is not None else 0,
        faults=(*of_sets, *overdue, *chains.faults, *releases.end()),
    )
