"""When something is said to be: by the dates that code reads in the words, else by what the reader takes them for."""

from __future__ import annotations

import re
from datetime import date

from core.verification import dates
from core.verification.dates import Days, When
from core.verification.grammar.chunk import SPAN, WHEN, Chunk
from core.verification.grammar.times import hull
from core.verification.second_reader.meanings import Unread, Words

_ISO = re.compile(r"(?:(\d{4})(?:-(\d\d)(?:-(\d\d))?)?|--(\d\d)(?:-(\d\d))?)")
_NUMBER = re.compile(r"\d+")
_DATED = re.compile(r"\d|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.I)


def days(words: Words) -> tuple[When, When]:
    """From when to when; the second is empty for one day or one span as people write it. Raises Unread.

    Dates are what code reads. What follows from other dates ("the day after that") is what the reader takes it to be.
    """
    written = [chunk for chunk in words.chunks if chunk.kind in (WHEN, SPAN) and chunk.days]
    meant = _iso(words.means)
    if len(written) != 1 or _has_other_numbers(words, written[0]):
        return (_as_meant(words, written, meant), ())
    chunk = written[0]
    if chunk.kind == SPAN:
        return chunk.first, chunk.days
    if any(one.yearless for one in chunk.days):
        return (_with_year(chunk.days, meant), ())
    if meant and not _holds(chunk, meant):
        return (_as_meant(words, [chunk] if _is_dated(words, chunk) else [], meant), ())
    return chunk.days, ()


def _has_other_numbers(words: Words, chunk: Chunk) -> bool:
    """Whether words hold a number that is no part of their date: "39 December 2019"."""
    first, last = words.sentence.span_of(chunk)
    text, start = words.text, words.span[0]
    outside = text[: max(0, first - start)] + " " + text[max(0, last - start) :]
    return bool(_NUMBER.search(outside))


def _is_dated(words: Words, chunk: Chunk) -> bool:
    return bool(_DATED.search(words.sentence.written(chunk)))


def _holds(chunk: Chunk, meant: When) -> bool:
    return any(_touch(one, other) for one in chunk.days for other in meant)


def _as_meant(words: Words, written: list[Chunk], meant: When) -> When:
    """A date that only the reader understands: it holds each number and each date of its words."""
    said = {int(n) for n in _NUMBER.findall(words.text)}
    known = {int(n) for n in _NUMBER.findall(words.means)}
    known |= {n % 100 for n in known if n > 1000}
    dated = [chunk for chunk in written if _is_dated(words, chunk)]
    if not meant or not said <= known or not all(_holds(chunk, meant) for chunk in dated):
        raise Unread(f"the date “{words.text}”")
    return meant


def _with_year(written: When, meant: When) -> When:
    """A date without a year, in the year that the reader takes from the sentence."""
    fit = tuple(one for one in meant if not one.yearless and any(day.holds(one.first) for day in written))
    return fit or written


def _touch(one: Days, other: Days) -> bool:
    if one.yearless or other.yearless:
        return one.holds(other.first) or other.holds(one.first)
    return one.first <= other.last and other.first <= one.last


def _iso(means: str) -> When:
    first, _, last = means.partition("/")
    found = [_one_iso(text) for text in (first, last) if text]
    if not found or None in found:
        return ()
    ends = [one for one in found if one is not None]
    return (ends[0],) if len(ends) == 1 else hull((ends[0],), (ends[1],))


def _one_iso(text: str) -> Days | None:
    got = _ISO.fullmatch(text.strip())
    if got is None:
        return None
    try:
        year, month, day, only_month, only_day = (int(n) if n else None for n in got.groups())
        if only_month:
            name = date(2024, only_month, only_day or 1).strftime("%b").lower()
            return dates.written(f"{only_day} {name}" if only_day else name)[0]
        if month is None:
            return Days(date(year or 0, 1, 1), date(year or 0, 12, 31))
        return dates.written(f"{year}-{month:02}-{day:02}" if day else f"{month:02}/{year}")[0]
    except (ValueError, IndexError):
        return None
