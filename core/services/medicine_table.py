"""The few medicines that we know by class and usual dose: medicines.tsv, which names its sources."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("medicines.tsv")
WORD = re.compile(r"[a-z][a-z-]*")
# Words of a medicine's or an allergy's name that say nothing of its substance.
_EMPTY = (
    "acid acute allergy adverse allergic and capsule capsules coated cream daily drug extended film finding forte for"
    " hour hydrochloride injection intolerance medication mg ml oral pack product reaction release sodium solution"
    " substance suspension tablet tablets to with"
)
EMPTY = frozenset(_EMPTY.split())


@dataclass(frozen=True)
class Medicine:
    """A substance; `most_mg` is the most that an adult usually takes in a day, in a week if it is `weekly`: by mouth.

    `source` names what gives that figure.
    """

    name: str
    others: tuple[str, ...]
    atc: str
    group: str
    most_mg: Decimal | None
    is_weekly: bool
    source: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.others)


@cache
def medicines() -> tuple[Medicine, ...]:
    """All that the table has."""
    return tuple(_medicine(line) for line in TABLE.read_text().splitlines() if line and not line.startswith("#"))


def _medicine(line: str) -> Medicine:
    name, others, atc, group, most, source = line.split("\t")
    amount, _, span = most.partition(" ")
    most_mg = Decimal(amount) if amount else None
    return Medicine(name, tuple(filter(None, others.split(","))), atc, group, most_mg, span == "weekly", source)


def found_in(text: str) -> tuple[Medicine, ...]:
    """The medicines that a text names."""
    lowered = text.casefold()
    return tuple(one for one in medicines() if any(_names(lowered, name) for name in one.names))


def groups_in(text: str) -> frozenset[str]:
    """The classes that a text names, or of which it names a medicine: `Penicillin allergy` and `Amoxicillin`."""
    lowered = text.casefold()
    named = {one.group for one in medicines() if one.group and _names(lowered, one.group.casefold())}
    return frozenset(named | {one.group for one in found_in(text) if one.group})


def telling_words(text: str) -> frozenset[str]:
    """The words that may name a substance which the table does not have."""
    return frozenset(word for word in WORD.findall(text.casefold()) if len(word) > 3) - EMPTY


def _names(lowered: str, name: str) -> bool:
    return re.search(rf"(?<![a-z]){re.escape(name)}s?(?![a-z])", lowered) is not None
