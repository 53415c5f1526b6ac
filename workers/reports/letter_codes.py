"""Opaque references: letters only, so that no row id or number can leak into a draft as a fact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product
from typing import TypeVar

Item = TypeVar("Item")

# No vowels, so no words; no pairs that read as units or clinical abbreviations.
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
AVOIDED = frozenset(
    {
        "BD", "BM", "BP", "CC", "CK", "CL", "CM", "CN", "CRP", "CT", "DL", "DM", "DR", "FL", "GFR", "GP", "HB", "HR",
        "HX", "KG", "KM", "LB", "LL", "LR", "MB", "MC", "MG", "ML", "MM", "MR", "MS", "ND", "NG", "NM", "NS", "PH",
        "PR", "PT", "PX", "RR", "RX", "SC", "SL", "ST", "TB", "TD", "TX", "WB", "WT",
    }
)  # fmt: skip


def codes(count: int, length: int = 2) -> list[str]:
    """That many different codes; longer ones when there are not enough."""
    made = (code for code in map("".join, product(LETTERS, repeat=length)) if code not in AVOIDED)
    found = list(islice(made, count))
    return found if len(found) == count else codes(count, length + 1)


def labelled(items: Sequence[Item]) -> dict[str, Item]:
    """Each of the things that a question is about, by a label of its own."""
    return dict(zip(codes(len(items), length=3), items, strict=True))


class References:
    """Row references and their codes, both ways."""

    def __init__(self, refs: Iterable[str]) -> None:
        self._refs = list(refs)
        self._code_of = dict(zip(self._refs, codes(len(self._refs)), strict=True))
        self._ref_of: Mapping[str, str] = {code: ref for ref, code in self._code_of.items()}

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code, in the order of the rows."""
        return tuple(self._code_of.values())

    def code(self, ref: str) -> str:
        """The code that stands for a row."""
        return self._code_of[ref]

    def ref(self, code: str) -> str:
        """The row behind a code. Raises KeyError for a code that was not given out."""
        return self._ref_of[code]
