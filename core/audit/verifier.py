"""Verifying: whether the events of every chain are all there, in order, and as they were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.audit.chain import CHAINED, START, Link, values_hash

_WRITER, _SEQUENCE, _PREVIOUS = (CHAINED.index(name) for name in ("writer", "sequence", "previous_hash"))

NOT_AS_KEPT = "is not the event that was kept outside the database"


@dataclass(frozen=True)
class Fault:
    """A place where a chain does not hold."""

    writer: str
    sequence: int
    what: str


class Chains:
    """Checks events one by one, in order within each writer. Keeps one link for each writer."""

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
