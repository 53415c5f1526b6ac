"""What an import or a generation did: rows counted by kind, and every refusal with its place and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

EXAMPLES_MAX = 3
Progress = Callable[[str], None]

KINDS = (
    "clinic",
    "practitioner",
    "patient",
    "visit",
    "observation",
    "condition",
    "allergy",
    "prescription",
    "note",
    "statement",
    "access event",
)


def silent(line: str) -> None:
    """Progress that nobody follows."""


class Place(NamedTuple):
    """Where a source row stands: a file and its line, or a bundle and the position of the entry, both from 1."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Refusal:
    """A source row that was left out, and why; line 0 speaks of the whole file."""

    file: str
    line: int
    reason: str
    kind: str = "file"


@dataclass(slots=True)
class Counts:
    """Rows of one kind."""

    read: int = 0
    new: int = 0
    unchanged: int = 0
    updated: int = 0
    refused: int = 0


@dataclass(slots=True)
class Summary:
    """Rows by kind, refusals, the days that dates were moved by, and anything the person should know."""

    counts: dict[str, Counts] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    possible_same: list[str] = field(default_factory=list)
    without_visit: int = 0
    times_without_offset: int = 0
    ended: int = 0
    doubts: Counter[str] = field(default_factory=Counter)
    doubt_examples: dict[str, list[str]] = field(default_factory=dict)
    shift_days: int = 0
    seconds: float = 0.0

    def of(self, kind: str) -> Counts:
        """The counts of one kind, made at first use."""
        return self.counts.setdefault(kind, Counts())

    def refuse(self, kind: str, place: Place, reason: str) -> None:
        """Leave a row out, with its reason."""
        self.refusals.append(Refusal(place.file, place.line, reason, kind))
        if kind != "file":
            self.of(kind).refused += 1

    def add_to_refusals(self, places: Collection[Place], words: str) -> None:
        """Say more of rows that were left out."""
        for number, refusal in enumerate(self.refusals if places else ()):
            if Place(refusal.file, refusal.line) in places:
                self.refusals[number] = replace(refusal, reason=refusal.reason + words)

    def doubt(self, words: str, example: str) -> None:
        """Count something that should be looked at, and keep the first examples."""
        self.doubts[words] += 1
        examples = self.doubt_examples.setdefault(words, [])
        if len(examples) < EXAMPLES_MAX:
            examples.append(example)

    def add(self, part: Summary) -> None:
        """Count what a part of the work did."""
        for kind, counts in part.counts.items():
            total = self.of(kind)
            for name in Counts.__dataclass_fields__:
                setattr(total, name, getattr(total, name) + getattr(counts, name))
        self.refusals.extend(part.refusals)
        self.possible_same.extend(part.possible_same)
        self.doubts.update(part.doubts)
        for words, examples in part.doubt_examples.items():
            mine = self.doubt_examples.setdefault(words, [])
            mine += examples[: EXAMPLES_MAX - len(mine)]
        self.left_out.update(part.left_out)
        self.without_visit += part.without_visit
        self.times_without_offset += part.times_without_offset
        self.ended += part.ended

    @property
    def read(self) -> int:
        return sum(count.read for count in self.counts.values())

    @property
    def new(self) -> int:
        return sum(count.new for count in self.counts.values())

    @property
    def unchanged(self) -> int:
        return sum(count.unchanged for count in self.counts.values())

    @property
    def updated(self) -> int:
        return sum(count.updated for count in self.counts.values())

    @property
    def refused(self) -> int:
        return len(self.refusals)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return {
            "read": self.read,
            "new": self.new,
            "unchanged": self.unchanged,
            "updated": self.updated,
            "refused": self.refused,
            "by_kind": {kind: asdict(self.counts[kind]) for kind in KINDS if kind in self.counts},
            "refusals": [asdict(refusal) for refusal in self.refusals],
            "left_out": dict(sorted(self.left_out.items())),
            "doubts": dict(sorted(self.doubts.items())),
            "doubt_examples": dict(sorted(self.doubt_examples.items())),
            "possible_same_people": self.possible_same,
            "remarks": self.remarks,
            "shift_days": self.shift_days,
            "seconds": round(self.seconds, 3),
        }


def remark(summary: Summary) -> None:
    """Say in words what the counts don't tell."""
    told = (
        (summary.ended, "rows were taken away, since their source took them back"),
        (summary.without_visit, "rows name a visit that is not here: they are kept without one"),
        (summary.times_without_offset, "resources have times without an offset: they count as this system's zone"),
    )
    summary.remarks += [f"{count:,} {words}" for count, words in told if count]
