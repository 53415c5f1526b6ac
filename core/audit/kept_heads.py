"""The heads of the chains, kept outside the database too: a person who can rewrite every table can't rewrite these.

Each set of heads is an object `audit-heads/TIME.json`. A new set is kept only if the trail still has the events that
the last set names; so the newest set vouches for all sets before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from core import staging
from core.audit.chain import Link
from core.audit.verifier import NOT_AS_KEPT, Fault
from core.models import AccessEvent, ChainHead, utc_now
from core.staging.contract import ObjectStore
from core.stores import archived
from core.stores.tables import linked_table

PREFIX = "audit-heads/"
LINKS_A_QUERY = 500


class HeadsLost(Exception):
    """The trail no longer has events whose hashes were kept outside; `faults` names them, and nothing new was kept."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} chain(s) are not as they were kept: run `strata audit verify`")
        self.faults = tuple(faults)


def keep(session: Session) -> str:
    """Keep the heads as this session's snapshot of the primary has them; returns the object's key.

    Raises HeadsLost, StagingError, ColdUnavailable when only a silent archive can tell.
    """
    store = staging.audit_store()
    heads = current(session)
    faults = list(_lost(session, kept(store), heads))
    if faults:
        raise HeadsLost(faults)
    key = f"{PREFIX}{utc_now().strftime('%Y%m%dT%H%M%S%f')}.json"
    with store.create(key) as file:
        listed = {writer: [link.sequence, link.hash] for writer, link in sorted(heads.items())}
        file.write(json.dumps(listed).encode())
    return key


def kept(store: ObjectStore | None = None) -> dict[str, Link]:
    """The newest set, by writer; empty if none was ever kept. Raises StagingError."""
    store = store or staging.audit_store()
    newest = max(store.list(PREFIX), default=None)
    if newest is None:
        return {}
    with store.open(newest) as file:
        return {writer: Link(sequence, hash_) for writer, (sequence, hash_) in json.load(file).items()}


def current(session: Session) -> dict[str, Link]:
    """The heads as the database has them, by writer."""
    query = select(ChainHead.writer, ChainHead.sequence, ChainHead.hash)
    return {writer: Link(sequence, hash_) for writer, sequence, hash_ in session.execute(query)}


def _lost(session: Session, before: Mapping[str, Link], now: Mapping[str, Link]) -> Iterator[Fault]:
    """Each kept head that is neither a head now nor an event of a chain that has grown since."""
    moved = [(writer, link) for writer, link in before.items() if now.get(writer) != link]
    for start in range(0, len(moved), LINKS_A_QUERY):
        part = moved[start : start + LINKS_A_QUERY]
        found = _hashes(session, [(writer, link.sequence) for writer, link in part])
        for writer, link in part:
            head = now.get(writer)
            if head is None or head.sequence <= link.sequence or found.get((writer, link.sequence)) != link.hash:
                yield Fault(writer, link.sequence, NOT_AS_KEPT)


def _hashes(session: Session, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
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
