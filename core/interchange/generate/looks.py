"""Made-up looks at records: events of the trail in a chain of their own, whose head moves on with each slice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.audit import audit_keys, origin
from core.audit.chain import CHAINED, GENESIS, values_hash
from core.interchange.generate.copy_columns import BLOCK_ROWS, NULL, blocks
from core.models import Base, ChainHead, Role
from core.stores import databases

COLUMNS = (*CHAINED, "hash")
ACTIONS = ("chart.viewed", "visit.viewed", "results.viewed")
PURPOSE = "made up by strata generate"


@dataclass(frozen=True, slots=True)
class Looked:
    """A visit at which somebody looks at the record."""

    at: str
    patient_id: int
    visit_id: int
    by: str


@dataclass(frozen=True, slots=True)
class Looks:
    """So many looks in the chain of `writer`; `names` are the practitioners', by id."""

    writer: str
    names: Mapping[str, str]
    count: int


def load(session: Session, looks: Looks, visits: Sequence[Looked]) -> int:
    """Add looks, spread over these visits in their order; gives how many.

    They are under the key of this process, as all that it writes: nobody's own looks can be made up by it.
    """
    if not looks.count or not visits:
        return 0
    head = session.scalar(select(ChainHead).where(ChainHead.writer == looks.writer).with_for_update())
    if head is None:
        head = ChainHead(writer=looks.writer, sequence=0, hash=GENESIS)
        session.add(head)
    copy_in = databases.current().adapter.loading.copy_in
    return copy_in(
        session.connection(), Base.metadata.tables["access_event"], COLUMNS, _blocks(_lines(head, visits, looks.count))
    )


def _lines(head: ChainHead, visits: Sequence[Looked], count: int) -> Iterator[str]:
    portal = origin.get().portal
    key = audit_keys.own(portal)
    sequence, previous = head.sequence, head.hash
    for number in range(count):
        one = visits[number * len(visits) // count]
        action, target = ACTIONS[number % len(ACTIONS)], f"visit:{one.visit_id}"
        sequence += 1
        told: tuple[Any, ...] = (portal, action, "allow", None, one.by, Role.CLINICIAN.value, one.patient_id, target)
        told += (PURPOSE, None, None, head.writer, sequence, previous)
        previous = values_hash((datetime.fromisoformat(one.at), *told), key)
        yield "\t".join([one.at, *(NULL if value is None else str(value) for value in told), previous]) + "\n"
    head.sequence, head.hash = sequence, previous


def _blocks(lines: Iterator[str]) -> Iterator[bytes]:
    gathered: list[str] = []
    for line in lines:
        gathered.append(line)
        if len(gathered) == BLOCK_ROWS:
            yield from blocks(gathered)
            gathered = []
    yield from blocks(gathered)
