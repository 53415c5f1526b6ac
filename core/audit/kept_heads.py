"""The heads of the chains, kept outside the database too: a person who can rewrite every table can't rewrite these.

A new set is kept only once the trail still has the events that the last one names, so that the newest set speaks for
all before it. The database notes each set's number: sets that are all taken away are missed. What the newest set lets
go is removed after it is there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from core import staging
from core.audit import audit_keys, head_sets
from core.audit.chain import Link
from core.audit.head_sets import PREFIX, HeadSet, Series
from core.audit.verifier import NOT_AS_KEPT, Fault
from core.models import AccessEvent, ChainHead, KeptHeadSet, utc_now
from core.staging.contract import ObjectStore, StagingError
from core.stores import archived, databases
from core.stores.tables import linked_table

log = logging.getLogger(__name__)

LINKS_A_QUERY = 500
LET_GO_AT_ONCE = 100
LOCK = "keep audit heads"


class HeadsLost(Exception):
    """The trail or what was kept of it does not hold; `faults` says where, and nothing new was kept."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} place(s) are not as they were kept: run `strata audit verify`")
        self.faults = tuple(faults)


def keep(session: Session) -> str:
    """Keep the heads as this session's snapshot of the primary has them; returns the object's key.

    Raises HeadsLost, AuditKeyMissing, StagingError, ColdUnavailable when only a silent archive can tell.
    """
    private, store = audit_keys.head_signer(), staging.audit_store()
    with databases.write() as noting:
        if not databases.current().adapter.locks.try_lock(noting.connection(), LOCK):
            return "another is keeping them"
        series = head_sets.survey(store, audit_keys.head_provers())
        heads = current(session)
        faults = [*missing(series, noted(noting)), *_lost(session, series.heads, heads)]
        if faults:
            raise HeadsLost(faults)
        last = series.newest
        since = _still_kept(store, last, utc_now()) if last else head_sets.FIRST + 1
        made = HeadSet(last.number + 1 if last else 1, utc_now(), last.hash if last else "", heads, since)
        head_sets.write(store, made, private)
        noting.add(KeptHeadSet(number=made.number, kept_at=made.kept_at, hash=made.hash))
    _let_go(store, series.numbers, made.since)
    return made.key


def _still_kept(store: ObjectStore, last: HeadSet, now: datetime) -> int:
    """The least number, but for the first set's, that is young enough to be kept; `last` is kept in any case."""
    public, since = audit_keys.head_provers(), last.since
    oldest = now - timedelta(days=databases.current().settings.audit_heads_keep_days)
    while since < min(last.number, last.since + LET_GO_AT_ONCE):
        try:
            if head_sets.read(store, since, public).kept_at >= oldest:
                break
        except head_sets.NotASet:
            break  # It stays, for whoever verifies to find.
        since += 1
    return since


def _let_go(store: ObjectStore, numbers: Sequence[int], since: int) -> None:
    """Remove the sets between the first and `since`. A store that refuses keeps them: nobody misses or needs them."""
    gone = [number for number in numbers if head_sets.FIRST < number < since]
    try:
        for number in gone[:LET_GO_AT_ONCE]:
            store.delete(head_sets.key_of(number))
    except StagingError as fault:
        log.warning("audit trail: old sets of heads stay: %s", fault)


def kept() -> Series:
    """All that is kept; empty, without a look at it, where there is nothing to prove it by. Raises StagingError."""
    try:
        public = audit_keys.head_provers()
    except audit_keys.AuditKeyMissing:
        return Series(faults=[(PREFIX, "can't be proved: STRATA_AUDIT_PUBLIC_KEYS is not set")])
    return head_sets.survey(staging.audit_store(), public)


def noted(session: Session) -> dict[int, str]:
    """The hashes of the sets that the database has noted, by their numbers."""
    rows = session.execute(select(KeptHeadSet.number, KeptHeadSet.hash)).all()
    return {row.number: row.hash for row in rows}


def missing(series: Series, of_database: Mapping[int, str]) -> Iterator[Fault]:
    """What is wrong with the sets themselves, and sets that the database has noted and nobody has any more."""
    yield from (Fault(name, 0, what) for name, what in series.faults)
    newest = series.newest.number if series.newest is not None else 0
    if max(of_database, default=0) > newest:
        yield Fault(PREFIX, max(of_database), f"{max(of_database) - newest} set(s) of heads missing at the end")
    if series.newest is not None and of_database.get(newest, series.newest.hash) != series.newest.hash:
        yield Fault(PREFIX, newest, "is not the set that the database noted")


def overdue(series: Series, oldest_at: datetime | None, now: datetime, longest: timedelta) -> Iterator[Fault]:
    """Whether heads were not kept for longer than that; `oldest_at` is when the trail begins."""
    since = series.newest.kept_at if series.newest is not None else oldest_at
    if since is not None and now - since > longest:
        when = f"since {since:%Y-%m-%d %H:%M} UTC" if series.newest is not None else "ever"
        yield Fault(PREFIX, 0, f"no heads were kept {when}: run the scheduler and the worker of queue ops")


def current(session: Session) -> dict[str, Link]:
    """The heads as the database has them, by writer."""
    query = select(ChainHead.writer, ChainHead.sequence, ChainHead.hash)
    return {writer: Link(sequence, hash_) for writer, sequence, hash_ in session.execute(query)}


def _lost(session: Session, before: Mapping[str, Link], now: Mapping[str, Link]) -> Iterator[Fault]:
    """Each kept head that is neither a head now nor an event of a chain that has grown since."""
    moved = [(writer, link) for writer, link in before.items() if now.get(writer) != link]
    for start in range(0, len(moved), LINKS_A_QUERY):
        part = moved[start : start + LINKS_A_QUERY]
        found = hashes_of(session, [(writer, link.sequence) for writer, link in part])
        for writer, link in part:
            head = now.get(writer)
            if head is None or head.sequence <= link.sequence or found.get((writer, link.sequence)) != link.hash:
                yield Fault(writer, link.sequence, NOT_AS_KEPT)


def hashes_of(session: Session, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """The hashes of events by writer and number, hot or archived."""
    columns = (AccessEvent.writer, AccessEvent.sequence, AccessEvent.hash)
    pairs = [and_(AccessEvent.writer == writer, AccessEvent.sequence == sequence) for writer, sequence in places]
    hot = select(*columns).where(or_(*pairs))
    found = {(writer, sequence): hash_ for writer, sequence, hash_ in session.execute(hot)}
    left = [place for place in places if place not in found]
    window = archived.window(session, "log")
    if left and window.last:
        table = linked_table("access_event")
        # Two conditions, one a column: pairs would be compared by this server, after the archive had sent every row.
        older = select(table.c.writer, table.c.sequence, table.c.hash).where(
            archived.visible(table, window),
            table.c.writer.in_({writer for writer, _ in left}),
            table.c.sequence.in_({sequence for _, sequence in left}),
        )
        found |= {(row["writer"], row["sequence"]): row["hash"] for row in archived.fetch("log", older)}
    return found
