"""What a text that someone types to find a patient asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.engines.folded_names import fold
from core.sealing import national_id

WORDS_MAX = 6
NUMBER_DIGITS_MAX = 15
DATES = (
    ("%Y-%m-%d", re.compile(r"\b\d{4}-\d{1,2}-\d{1,2}\b")),
    ("%d/%m/%Y", re.compile(r"\b\d{1,2}/\d{1,2}/\d{4}\b")),
    ("%d.%m.%Y", re.compile(r"\b\d{1,2}\.\d{1,2}\.\d{4}\b")),
    ("%d-%m-%Y", re.compile(r"\b\d{1,2}-\d{1,2}-\d{4}\b")),
    ("%d %b %Y", re.compile(r"\b\d{1,2} [a-z]{3} \d{4}\b", re.IGNORECASE)),
    ("%d %B %Y", re.compile(r"\b\d{1,2} [a-z]{4,9} \d{4}\b", re.IGNORECASE)),
)
SHORT = re.compile(r"\b(\d{1,2})([/.])(\d{1,2})\2(\d{2})\b")
YEAR = re.compile(r"\b(?:born|birth year|b\.)\s*(?:in\s+)?((?:18|19|20|21)\d{2})\b", re.IGNORECASE)
NUMBER = re.compile(r"(?:patient|no\.?|number|#|:|\s)*(\d+)", re.IGNORECASE)
CENTURIES = (2000, 1900)

Days = tuple[date, date]


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
    born, rest = _take_born(text)
    if re.search(r"\d{3}", rest) or (not born and NUMBER.fullmatch(rest)):
        found = NUMBER.fullmatch(rest)
        is_number = found is not None and len(found[1]) <= NUMBER_DIGITS_MAX
        return Wanted(national_id=national_id.compact(rest), number=int(found[1]) if found and is_number else None)
    return Wanted(born=born, words=tuple(fold(rest).split()[:WORDS_MAX]))


def _take_born(text: str) -> tuple[tuple[Days, ...], str]:
    """The days of birth that a text names, and the text without them."""
    for layout, pattern in DATES:
        found = pattern.search(text)
        if found:
            try:
                day = datetime.strptime(found.group(), layout).date()  # noqa: DTZ007
            except ValueError:
                continue
            return ((day, day),), _without(text, found)
    short = SHORT.search(text)
    if short:
        days = _of_centuries(*(int(short[group]) for group in (1, 3, 4)))
        return tuple((day, day) for day in days), _without(text, short) if days else text
    year = YEAR.search(text)
    if year:
        first = date(int(year[1]), 1, 1)
        return ((first, date(first.year + 1, 1, 1) - timedelta(days=1)),), _without(text, year)
    return (), text


def _of_centuries(day: int, month: int, year: int) -> list[date]:
    """The days that a year of two digits may mean; nobody is born after tomorrow."""
    found = []
    for century in CENTURIES:
        try:
            meant = date(century + year, month, day)
        except ValueError:
            continue
        if meant <= date.today() + timedelta(days=1):  # noqa: DTZ011
            found.append(meant)
    return found


def _without(text: str, found: re.Match[str]) -> str:
    return text[: found.start()] + " " + text[found.end() :]
