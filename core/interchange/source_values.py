"""Single values from outside, checked: text, instants, days, numbers. BadValue says what is wrong."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

NOTE_CHARS_MAX = 2 * 1024 * 1024
TEXT_CHARS_MAX = 10_000
ID_CHARS_MAX = 64
NUMBER_MAX = Decimal(10) ** 12
STEP = Decimal("0.000001")
YEAR_MIN, YEAR_MAX = 1850, 2200

_UNSEEN = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SPACES = re.compile(r"[ \t]{2,}")
_NAME_DIGITS = re.compile(r"(?<=[^\W\d_])\d+\b")


class BadValue(ValueError):
    """A value that can't be kept; the message completes 'FIELD ...'."""


def text(raw: object, limit: int, name: str) -> str | None:
    """Text as given, or None if empty; runs of blanks (Synthea's lost commas) become one.

    Marks that nobody sees go: they turn a name, or the digits of a dose, round on the page, or hide a name from search.
    Joiners of Tamil letters stay.
    """
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str):
        raise BadValue(f"{name} is not text")
    kept = storable(raw, name)
    if not kept.isascii():
        kept = _UNSEEN.sub("", kept)
    if "  " in kept or "\t" in kept:
        kept = _SPACES.sub(" ", kept)
    kept = kept.strip()
    if len(kept) > limit:
        raise BadValue(f"{name} has {len(kept):,} characters: at most {limit:,} fit")
    return kept or None


def required(raw: object, limit: int, name: str) -> str:
    """The same, refusing emptiness."""
    kept = text(raw, limit, name)
    if kept is None:
        raise BadValue(f"{name} is empty")
    return kept


def storable(raw: str, name: str) -> str:
    """The text itself, if a database in UTF-8 can hold it."""
    if "\x00" in raw:
        raise BadValue(f"{name} holds a null byte")
    if raw.isascii():
        return raw
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise BadValue(f"{name} holds half a character (a lone surrogate)") from None
    return raw


def identifier(raw: object, name: str) -> str:
    """An id of the source."""
    kept = required(raw, ID_CHARS_MAX, name)
    if "|" in kept:
        raise BadValue(f"{name} holds '|', which no id may")
    return kept


def instant(raw: object, name: str) -> datetime:
    """An ISO 8601 instant with any offset (UTC where none is given), in UTC to the second."""
    kept = required(raw, 60, name)
    try:
        parsed = datetime.fromisoformat(kept)
    except ValueError:
        raise BadValue(f"{name} '{kept}' is not a date and time such as 2024-05-31T08:30:00Z") from None
    if not YEAR_MIN <= parsed.year <= YEAR_MAX:
        raise BadValue(f"{name} '{kept}' lies outside the years {YEAR_MIN} to {YEAR_MAX}")
    aware = parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


def day(raw: object, name: str) -> date:
    """The calendar day that an ISO 8601 date or instant names where it was written."""
    kept = required(raw, 60, name)
    try:
        parsed = date.fromisoformat(kept[:10])
        if len(kept) > 10:
            datetime.fromisoformat(kept)
    except ValueError:
        raise BadValue(f"{name} '{kept}' is not a date such as 2024-05-31") from None
    if not YEAR_MIN <= parsed.year <= YEAR_MAX:
        raise BadValue(f"{name} '{kept}' lies outside the years {YEAR_MIN} to {YEAR_MAX}")
    return parsed


def optional_instant(raw: object, name: str) -> datetime | None:
    """An instant, or None if empty."""
    return None if raw in (None, "") else instant(raw, name)


def optional_day(raw: object, name: str) -> date | None:
    """A day, or None if empty."""
    return None if raw in (None, "") else day(raw, name)


def number(raw: object, name: str) -> Decimal:
    """A finite number of at most 12 digits before the point, rounded to six after it."""
    kept = str(raw).strip()
    try:
        value = Decimal(kept) if "_" not in kept else Decimal("NaN")
    except InvalidOperation:
        raise BadValue(f"{name} '{kept[:40]}' is not a number") from None
    if not value.is_finite():
        raise BadValue(f"{name} '{kept[:40]}' is not a finite number")
    if abs(value) >= NUMBER_MAX:
        raise BadValue(f"{name} '{kept[:40]}' is too large")
    return value.quantize(STEP, ROUND_HALF_EVEN).normalize()


def display_name(raw: str) -> str:
    """A person's name without the digits that Synthea appends to each part; "Twin2 Tan" keeps what tells them apart."""
    bare, marked = _NAME_DIGITS.subn("", raw)
    return _SPACES.sub(" ", bare if marked > 1 or " " not in raw.strip() else raw).strip()
