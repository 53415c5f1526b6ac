"""What a text that someone types to find a patient asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.engines.folded_names import fold
from core.queries import birth_days
from core.queries.birth_days import Days
from core.sealing import national_id

WORDS_MAX = 6
NUMBER_DIGITS_MAX = 15
NUMBER = re.compile(r"(?:patient|no\.?|number|#|:|\s)*(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """What a search text asks for: a national id or a patient's number, or days of birth and parts of a name.

    `born` are spans of days, first and last: one day, a year, or a day of two centuries.
    """

    national_id: str | None = None
    number: int | None = None
    born: tuple[Days, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def by(self) -> str:
        """The kind of search, as the audit trail names it."""
        if self.number is not None:
            return "patient number"
        if self.national_id:
            return "national id"
        return " and ".join(["birth date"] * bool(self.born) + ["name"] * bool(self.words)) or "nothing"


def parse_search(text: str) -> Wanted:
    """Read a search text: a number, a birth date or year, words of a name, or the last two together."""
    text = " ".join(text.replace("\x00", " ").split())
    born, rest = ((), text) if NUMBER.fullmatch(text) else birth_days.take(text)
    if re.search(r"\d{3}", rest) or (not born and NUMBER.fullmatch(rest)):
        found = NUMBER.fullmatch(rest)
        is_number = found is not None and len(found[1]) <= NUMBER_DIGITS_MAX
        return Wanted(national_id=national_id.compact(rest), number=int(found[1]) if found and is_number else None)
    return Wanted(born=born, words=tuple(fold(rest).split()[:WORDS_MAX]))
