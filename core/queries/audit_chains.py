"""Verifying the audit trail across tiers."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core import audit, cold, db
from core.db import Store
from core.models import AccessEvent, ChainHead

PAGE_ROWS = 5_000


@dataclass(frozen=True)
class Verdict:
    """How many events and chains were read, and where they do not hold."""

    events: int
    chains: int
    faults: tuple[audit.Fault, ...]


def verify() -> Verdict:
    """Read every chain, hot and cold, on the primary's snapshot. Raises ColdUnavailable if the archive is silent."""
    with db.read(Store.HOT, statement_timeout_seconds=300) as session:
        heads = {head.writer: head for head in session.scalars(select(ChainHead))}
        faults: list[audit.Fault] = []
        events = 0
        seen: set[str] = set()
        for writer, chain in groupby(_events(session), key=attrgetter("writer")):
            rows = list(chain)
            events += len(rows)
            seen.add(writer)
            faults += audit.verify_chain(writer, rows, heads.get(writer))
        faults += [
            audit.Fault(writer, 1, "every event of the chain is missing")
            for writer, head in heads.items()
            if writer not in seen and head.sequence
        ]
    return Verdict(events, len(seen), tuple(faults))


def _events(session: Session) -> Iterator[AccessEvent]:
    """Hot and cold events in order; one that is alike in both is given once."""
    seen = cold.window(session, "log")
    previous: tuple[str, int, str] | None = None
    for event in heapq.merge(_hot(session), _cold(seen), key=lambda event: (event.writer, event.sequence)):
        place = (event.writer, event.sequence, event.hash)
        if place != previous:
            yield event
        previous = place


def _hot(session: Session) -> Iterator[AccessEvent]:
    query = select(AccessEvent).order_by(AccessEvent.writer, AccessEvent.sequence)
    yield from session.scalars(query.execution_options(yield_per=PAGE_ROWS))


def _cold(seen: cold.Window) -> Iterator[AccessEvent]:
    events = cold.table("access_event")
    after: tuple[Any, ...] = ("", 0)
    names = AccessEvent.__table__.columns.keys()
    while True:
        query: Select[Any] = (
            select(*(events.c[name] for name in names))
            .where(cold.visible(events, seen), _after(events, after))
            .order_by(events.c.writer, events.c.sequence)
            .limit(PAGE_ROWS)
        )
        page = cold.fetch("log", query)
        for row in page:
            yield AccessEvent(**row)
        if len(page) < PAGE_ROWS:
            return
        after = (page[-1]["writer"], page[-1]["sequence"])


def _after(events: Any, after: tuple[Any, ...]) -> Any:
    writer, sequence = after
    return (events.c.writer > writer) | ((events.c.writer == writer) & (events.c.sequence > sequence))
