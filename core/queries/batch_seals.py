"""What the trail tells of the contents of archived batches: an event for each table of a batch that has rows.

It is written with the batch's release, or later for a batch that was released before contents were sealed. It is
chained, keyed, and covered by the heads that are kept outside: whoever moves rows tells of them once, and can't tell
otherwise later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.audit.verifier import Fault
from core.models.record_types import SEALED_TYPES
from core.queries.batch_names import TARGET, name_of

SEALED, SEALED_LATER = "batch.sealed", "batch.sealed_later"
_SAID = re.compile(r"(\w+), (\d{1,19}) rows, columns (\d{1,9}), contents ([0-9a-f]{64}), (\d{1,3}) of (\d{1,3})")
_TYPE_OF = {table.name: kind.name for kind in SEALED_TYPES for table in kind.tables}


@dataclass(frozen=True)
class Seal:
    """Of a batch's rows of one table: how many, the version of their hashed columns, and the hash over their hashes."""

    table: str
    rows: int
    version: int
    contents: str


def told(seal: Seal, part: int, parts: int) -> str:
    """What an event says of one of a batch's tables, as its purpose; parts are counted from 1."""
    return f"{seal.table}, {seal.rows} rows, columns {seal.version}, contents {seal.contents}, {part} of {parts}"


@dataclass
class Sealed:
    """A batch's seals by table; whole once there is one for each of its `parts`."""

    batch_id: int
    record_type: str
    parts: int
    later: bool
    tables: dict[str, Seal] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return name_of(self.batch_id, self.record_type)


@dataclass
class Seals:
    """Gathers the seals that the trail tells."""

    found: dict[int, Sealed] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def take(self, action: str, target: str | None, purpose: str | None) -> None:
        """Note one event. A second one of the same table that says something else is a fault: the first counts."""
        named, said = TARGET.fullmatch(target or ""), _SAID.fullmatch(purpose or "")
        if named is None or said is None or said[1] not in _TYPE_OF:
            self.faults.append(Fault(target or "a batch", 0, "its contents are sealed in words that are none of ours"))
            return
        seal = Seal(said[1], int(said[2]), int(said[3]), said[4])
        began = Sealed(int(named[1]), _TYPE_OF[seal.table], int(said[6]), action == SEALED_LATER)
        sealed = self.found.setdefault(began.batch_id, began)
        alike = (sealed.record_type, sealed.parts, sealed.later) == (began.record_type, began.parts, began.later)
        if not alike or sealed.tables.setdefault(seal.table, seal) != seal:
            self.faults.append(Fault(sealed.name, 0, "its contents were sealed twice, and not alike"))

    def end(self) -> Iterator[Fault]:
        """What is wrong with the seals themselves."""
        yield from self.faults
        for sealed in self.found.values():
            if len(sealed.tables) != sealed.parts:
                yield Fault(sealed.name, 0, f"{len(sealed.tables)} of {sealed.parts} seals of its contents are there")

    @property
    def since(self) -> int | None:
        """The first batch whose contents were sealed as it left: all later ones must be. None if there is none yet."""
        return min((sealed.batch_id for sealed in self.found.values() if not sealed.later), default=None)
