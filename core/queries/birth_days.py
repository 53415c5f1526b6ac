"""Days of birth in the spellings that people type: a day, a month or a year, with words before it or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from core.engines.folded_names import fold

Days = tuple[date, date]

CENTURIES = (2000, 1900)
# The first letters of a month in English, German, Dutch, and of the Nordic languages.
MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "mae": 3, "apr": 4, "may": 5, "mai": 5, "maj": 5, "mei": 5, "jun": 6, "jul": 7,
    "aug": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12, "des": 12,
}  # fmt: skip
_YEAR, _MONTH = r"(?P<y>(?:18|19|20|21)\d\d)", r"(?P<word>[^\W\d_]{3,9})\.?"
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?\.?"
_LABEL = re.compile(
    r"(?:\b(?:date of birth|birth ?date|birth year|d\.?o\.?b\.?|born|geb(?:oren)?\.?|b\.)|\*)(?:\s+(?:on|in|am))?[\s:]*"
    r"(?=\d|[^\W\d_]{3,9}\.? ?\d)",
    re.IGNORECASE,
)
WHOLE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_YEAR}(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}})\b",
        rf"\b(?P<d>\d{{1,2}})(?P<s>[-/. ])(?P<m>\d{{1,2}})(?P=s){_YEAR}\b",
        rf"\b{_DAY}[ -]?{_MONTH}[ ,-]*{_YEAR}\b",
        rf"\b{_MONTH} {_DAY},? {_YEAR}\b",
        r"\b(?P<d>\d{1,2})(?P<s>[/.])(?P<m>\d{1,2})(?P=s)(?P<short>\d{2})\b",
    )
)
MONTH_OF_YEAR = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_MONTH} {_YEAR}\b",
        rf"(?<![\d/.-]){_YEAR}-(?P<m>\d{{2}})(?![\d/.-])",
        rf"(?<![\d/.-])(?P<m>\d{{1,2}})/{_YEAR}\b",
    )
)
YEAR_ALONE = re.compile(rf"(?<!\S){_YEAR}(?!\S)")


def take(text: str) -> tuple[tuple[Days, ...], str]:
    """Spans of days, first and last, that a text names as days of birth, and the text without them."""
    plain = _LABEL.sub(" ", text)
    for pattern in WHOLE:
        for found in pattern.finditer(plain):
            days = tuple((day, day) for day in _days(found))
            if days:
                return days, _without(plain, found)
    for pattern in MONTH_OF_YEAR:
        for found in pattern.finditer(plain):
            month = _month(found)
            if month is not None and 1 <= month <= 12:
                return (_month_span(int(found["y"]), month),), _without(plain, found)
    return _take_year(text, plain)


def _take_year(text: str, plain: str) -> tuple[tuple[Days, ...], str]:
    """A year, after a word for birth or beside words of a name: alone it may be a patient's number."""
    found = YEAR_ALONE.search(plain)
    if found is None or (plain == text and not re.fullmatch(r"\D*[^\W\d_]\D*", _without(plain, found))):
        return (), text
    year = int(found["y"])
    return ((date(year, 1, 1), date(year, 12, 31)),), _without(plain, found)


def _days(found: re.Match[str]) -> Iterator[date]:
    month, day = _month(found), int(found["d"])
    for year in _years(found):
        # A second number that is no month tells that the month stands first.
        for one, other in ((month, day), (day, month)) if "m" in found.groupdict() else ((month, day),):
            made = _made(year, one, other)
            if made is not None:
                yield made
                break


def _years(found: re.Match[str]) -> list[int]:
    parts = found.groupdict()
    return [century + int(parts["short"]) for century in CENTURIES] if "short" in parts else [int(parts["y"])]


def _made(year: int, month: int | None, day: int | None) -> date | None:
    try:
        made = date(year, month or 0, day or 0)
    except ValueError:
        return None
    # Nobody is born after tomorrow.
    return made if made <= date.today() + timedelta(days=1) else None  # noqa: DTZ011


def _month(found: re.Match[str]) -> int | None:
    parts = found.groupdict()
    if "m" in parts:
        return int(parts["m"])
    return MONTHS.get(fold(parts["word"])[:3])


def _month_span(year: int, month: int) -> Days:
    first = date(year, month, 1)
    following = date(year + month // 12, month % 12 + 1, 1)
    return first, following - timedelta(days=1)


def _without(text: str, found: re.Match[str]) -> str:
    return text[: found.start()] + " " + text[found.end() :]
