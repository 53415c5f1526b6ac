"""What words mean, read once from the data files beside this module: one line a meaning, each with its source."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from core.verification.vocabulary.spelling import norms_of

HERE = Path(__file__).parent
NAME_KINDS = frozenset(
    {"condition", "medicine", "brand", "substance", "visit", "finding", "route", "qualifier", "result", "assay"}
)
PHRASE_FILES = ("words", "conditions", "medicines", "substances", "courses", "visits", "answers", "qualifiers")


class Unit(NamedTuple):
    """`size` is how many base units of its kind one such unit is."""

    kind: str
    size: float


class Assay(NamedTuple):
    """`worse` is the direction in which a value gets worse, or None; `steady` a relative change that is none."""

    key: str
    worse: str | None
    steady: float
    molar_mass: float | None


class Phrase:
    """The words up to one word of a phrase. `kinds` maps a kind of meaning to the meaning, `names` those of names;
    both are empty inside a phrase. `longer` are the phrases that go on, by their next word."""

    __slots__ = ("kinds", "longer", "names")

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.longer: dict[str, Phrase] = {}


def lines(name: str) -> Iterator[list[str]]:
    """The fields of each line of a data file."""
    for line in (HERE / f"{name}.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


PHRASES: dict[str, Phrase] = {}
UNITS: dict[str, Unit] = {}
ROW_UNITS: dict[str, Unit] = {}
ASSAYS: dict[str, Assay] = {}
ASSAY_OF_CODE: dict[str, str] = {}
EVERYDAY: dict[str, str] = {}
PANELS: dict[str, frozenset[str]] = {}
INGREDIENTS: dict[str, tuple[str, ...]] = {}
BROADER: dict[str, set[str]] = {}


def _add(spelling: str, kind: str, meaning: str) -> None:
    first, *rest = norms_of(spelling)
    phrase = PHRASES.setdefault(first, Phrase())
    for word in rest:
        phrase = phrase.longer.setdefault(word, Phrase())
    phrase.kinds.setdefault(kind, meaning)
    if kind in NAME_KINDS:
        phrase.names.setdefault(kind, meaning)


def _load_assays() -> None:
    for key, codes, worse, steady, mass, names, _ in lines("assays"):
        ASSAYS[key] = Assay(key, None if worse == "-" else worse, float(steady), None if mass == "-" else float(mass))
        ASSAY_OF_CODE.update(dict.fromkeys(codes.split(","), key))
        spellings = names.split("|")
        EVERYDAY[key] = spellings[0]
        for name in (*spellings, *filter(None, map(_plural, spellings))):
            _add(name, "assay", key)
    for key, members, names, _ in lines("panels"):
        PANELS[key] = frozenset(members.split("|"))
        for name in names.split("|"):
            _add(name, "assay", key)


def _plural(name: str) -> str:
    """ "Ejection fractions"; nothing for a name that hardly takes an s."""
    last = name.rsplit(" ", 1)[-1]
    return f"{name}s" if last.isalpha() and len(last) > 4 and not last.endswith(("s", "y", "x")) else ""


def _load_units() -> None:
    for kind, size, spellings, of_rows, _ in lines("units"):
        unit = Unit(kind, float(size))
        UNITS.update(dict.fromkeys((s for s in spellings.split("|") if s != "-"), unit))
        ROW_UNITS.update(dict.fromkeys((s for s in of_rows.split("|") if s != "-"), unit))


def _load_broader() -> None:
    """What holds what: simvastatin is a statin, emphysema a COPD."""
    for kind, meaning, names, members, _ in lines("broader"):
        for name in names.split("|"):
            _add(name, kind, meaning)
        for member in members.split("|"):
            _add(member, kind, member)
            BROADER.setdefault(f"{kind}:{member}", set()).add(f"{kind}:{meaning}")


def _load() -> None:
    _load_assays()
    _load_units()
    for name in PHRASE_FILES:
        for kind, meaning, spellings, source in lines(name):
            for spelling in spellings.split("|"):
                _add(spelling, kind, meaning)
            if kind == "brand":
                INGREDIENTS[meaning] = tuple(source.partition(": ")[2].split(" + "))
    _load_broader()


_load()
# What holds others: "medicine:statin". A list of those may stand in brackets behind it.
CLASSES = frozenset().union(*BROADER.values())


@lru_cache(maxsize=4096)
def unit_of_row(written: str) -> Unit | None:
    """The unit that a row's unit field names; an unknown one is a kind of its own."""
    plain = written.strip().lower().replace("µ", "u").replace("μ", "u").replace("²", "2")
    if plain.startswith("{") and plain not in ROW_UNITS:
        return None
    return UNITS.get(plain) or ROW_UNITS.get(plain) or Unit(f"unknown {plain}", 1.0)
