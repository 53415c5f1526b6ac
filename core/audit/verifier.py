"""Verifying: whether the events of every chain are all there, in order, and as their writers wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.audit.chain import CHAINED, START, Link, values_hash

_PORTAL, _WRITER, _SEQUENCE, _PREVIOUS = (
    CHAINED.index(name) for name in ("portal", "writer", "sequence", "previous_hash")
)

NOT_AS_KEPT = "is not the event that was kept outside the database"


@dataclass(frozen=True)
class Fault:
    """A place where a chain does not hold."""

    writer: str
    sequence: int
    what: str


@dataclass(frozen=True)
class Proof:
    """What events are proved by: the keys of each kind of process, and the ends of chains from before there were keys.

    `before_keys` is None while no heads were signed: then nobody can tell which events are as old as that.
    """

    keys: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    before_keys: Mapping[str, Link] | None = None


class Chains:
    """Checks the events of all writers as they come; each writer's in order. Keeps one link a writer.

    `unkeyed` counts events that no key proves: whoever had the database could have written them.
    """

    def __init__(self, kept: Mapping[str, Link] | None = None, proof: Proof | None = None) -> None:
        """`kept` are links that were kept outside the database: each must be an event of its chain."""
        self.faults: list[Fault] = []
        self.events = self.unkeyed = 0
        self.oldest_at: datetime | None = None
        self._kept = dict(kept or {})
        self._proof = proof or Proof()
        self._tips: dict[str, Link] = {}

    def __len__(self) -> int:
        return len(self._tips)

    def take(self, values: Sequence[Any], stated: str) -> None:
        """Check one event, given as its CHAINED values and the hash that stands beside them."""
        self.events += 1
        writer, sequence = values[_WRITER], values[_SEQUENCE]
        tip = self._tips.get(writer, START)
        self.oldest_at = min(self.oldest_at or values[0], values[0])
        self._prove(values, stated)
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

    def _prove(self, values: Sequence[Any], stated: str) -> None:
        """Whether the hash is under a key of the event's kind of process, or at least a hash of what it says."""
        kind, writer, sequence = values[_PORTAL], values[_WRITER], values[_SEQUENCE]
        known = self._proof.keys.get(kind, ())
        if any(values_hash(values, key) == stated for key in known):
            return
        if values_hash(values) != stated:
            what = "was altered" if known or not self._proof.keys else f"can't be proved without the key of {kind}"
            self.faults.append(Fault(writer, sequence, what))
            return
        self.unkeyed += 1
        before = self._proof.before_keys
        if before is not None and sequence > before.get(writer, START).sequence:
            self.faults.append(Fault(writer, sequence, f"was not written under the key of {kind}"))

    def end(self, heads: Mapping[str, Link]) -> None:
        """After the last event: compare every chain's end with its head."""
        self.faults += _ends(self._tips, heads)
        self.faults += [Fault(writer, link.sequence, NOT_AS_KEPT) for writer, link in sorted(self._kept.items())]


def _ends(tips: dict[str, Link], heads: Mapping[str, Link]) -> Iterator[Fault]:
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
