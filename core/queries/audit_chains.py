"""Verifying the audit trail across tiers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.audit import audit_keys, kept_heads
from core.audit.chain import Link
from core.audit.head_sets import Series
from core.audit.verifier import Chains, Fault, Proof
from core.models import utc_now
from core.queries import archived_batches, audit_stream
from core.queries.archived_batches import Known
from core.queries.audit_stream import EventRow
from core.queries.batch_seals import SEALED, SEALED_LATER, Seals
from core.queries.released_batches import RELEASED, Releases
from core.queries.sealed_contents import Contents, Looked
from core.stores import databases

_ACTION, _TARGET, _PURPOSE = (audit_stream.COLUMNS.index(name) for name in ("action", "target", "purpose"))


@dataclass(frozen=True)
class Verdict:
    """How many events and chains were read, and where they do not hold.

    `unkeyed` events are proved by no key; `heads_at` is when heads were last kept outside, `head_sets` how often;
    `looked` is what was looked at of the contents of archived batches, `silent` the archive servers that kept from it.
    """

    events: int
    chains: int
    unkeyed: int
    heads_at: datetime | None
    head_sets: int
    faults: tuple[Fault, ...]
    looked: Looked

    @property
    def silent(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.looked.silent)))


@dataclass(frozen=True)
class Evidence:
    """What events are held against: sets of heads, keys, and what the database says of heads and of sets."""

    series: Series
    proof: Proof
    heads: Mapping[str, Link]
    noted: Mapping[int, str]
    batches: Mapping[int, Known] | None = None


@dataclass(frozen=True)
class Extent:
    """How far to look at the contents of archived batches: at all, or at a `sample` of so many; `say` hears of it."""

    sample: int | None = None
    say: Callable[[str], None] = lambda line: None


WHOLE = Extent()


def verify(extent: Extent = WHOLE) -> Verdict:
    """Read every chain, hot and cold, on the replica's snapshot, and compare it with the heads kept outside.

    Then ask the archives whether what they hold is what was sealed. Raises ReplicaBehind, StagingError, and
    ColdUnavailable if the archive of events is silent.
    """
    series = kept_heads.kept()
    proof = Proof(audit_keys.of_all(), series.first.heads if series.first is not None else None)
    longest = timedelta(minutes=databases.current().settings.audit_heads_minutes)
    with audit_stream.snapshot() as session:
        heads, noted = kept_heads.current(session), kept_heads.noted(session)
        evidence = Evidence(series, proof, heads, noted, archived_batches.known(session))
        return judge(audit_stream.stream(session), evidence, now=utc_now(), longest=longest, extent=extent)


class Broken(Exception):
    """The trail does not hold, or an archive is silent: nothing is built on it."""


def unsealed() -> list[int]:
    """The batches that were archived before contents were sealed, if all else holds. Raises Broken, and as `verify`."""
    verdict = verify(Extent(sample=0))
    if verdict.faults or verdict.silent:
        what = f"{len(verdict.faults)} fault(s)" if verdict.faults else f"archive server {verdict.silent[0]} is silent"
        raise Broken(f"nothing was sealed: {what}, as `strata audit verify` says")
    return verdict.looked.unsealed


def judge(
    rows: Iterable[EventRow], evidence: Evidence, *, now: datetime, longest: timedelta, extent: Extent = WHOLE
) -> Verdict:
    """Hold all events, by id, against the evidence; heads may not be older than `longest`.

    Where the evidence knows of no batches, no archive is asked.
    """
    series = evidence.series
    chains, releases, seals = Chains(series.heads, evidence.proof), Releases(), Seals()
    for row in rows:
        chains.take(row[1:-1], row[-1])
        if row[_ACTION] == RELEASED:
            releases.take(row[_TARGET], row[_PURPOSE])
        elif row[_ACTION] in (SEALED, SEALED_LATER):
            seals.take(row[_ACTION], row[_TARGET], row[_PURPOSE])
    chains.end(evidence.heads)
    contents = Contents(seals, evidence.batches or {}, extent.sample, extent.say)
    of_contents = tuple(contents.end() if evidence.batches is not None else seals.end())
    of_releases = tuple(releases.end())
    of_sets = kept_heads.missing(series, evidence.noted)
    overdue = kept_heads.overdue(series, chains.oldest_at, now, longest)
    newest = series.newest
    return Verdict(
        events=chains.events,
        chains=len(chains),
        unkeyed=chains.unkeyed,
        heads_at=newest.kept_at if newest is not None else None,
        head_sets=newest.number if newest is not None else 0,
        faults=(*of_sets, *overdue, *chains.faults, *of_contents, *of_releases),
        looked=replace(contents.looked, silent=[*contents.looked.silent, *releases.silent]),
    )
