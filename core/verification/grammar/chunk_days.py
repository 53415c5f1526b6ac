"""Days that other days give: "a week later", "the 16th", "March to May 1994", "last year"."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from core.verification.cited import Cited
from core.verification.dates import Days, When
from core.verification.grammar import birth_days, day_lists, named_days, times
from core.verification.grammar.chunk import MARK, SPAN, UNKNOWN, VALUE, WHEN, Chunk, Quantity
from core.verification.grammar.tokens import Words
from core.verification.grammar.told_again import is_told_again
from core.verification.vocabulary import UNITS

SPANNED = frozenset({"from", "between", "in", "on", "for"})


def settled(found: list[Chunk], words: Words, rows: list[Cited]) -> list[Chunk]:
    """The chunks with their days settled; two days that are one time are one chunk."""
    _years_of_now(found, words)
    birth_days.settle(found, words, rows)
    named_days.settle(found, rows)
    if not _dates(found):
        return found
    _months_of_others(found, words)
    _last_months(found)
    _short_years(found, words)
    _years_of_lists(found, words)
    day_lists.settle(found, words)
    _first_days(found, words)
    _distances(found, words, frozenset(day for row in rows for day in (row.start, row.stop) if day))
    return _spans(found, words)


def _dates(found: list[Chunk], least: int = 0) -> list[int]:
    """The places of the dates that at least so many chunks stand before."""
    return [place for place in range(least, len(found)) if found[place].kind == WHEN]


def _years_of_now(found: list[Chunk], words: Words) -> None:
    """ "This year" and "last year", by the clock."""
    for before, chunk in pairwise(found):
        if chunk.kind == UNKNOWN and words[chunk.start].norm in ("year", "yr"):
            back = {"this": 0, "last": 1, "previous": 1}.get(words[before.end - 1].norm)
            if back is not None:
                year = datetime.now(UTC).year - back
                chunk.kind, chunk.days = WHEN, (Days(date(year, 1, 1), date(year, 12, 31)),)
                before.used, before.means = True, {"free": ""}


def _months_of_others(found: list[Chunk], words: Words) -> None:
    """ "That month", "the same year": the one of the date before it."""
    near: When = ()
    for before, chunk in pairwise(found):
        near = before.days if before.kind == WHEN else near
        unit = words[chunk.start].norm
        pointed = words[before.end - 1].norm in ("that", "same") and chunk.kind in (UNKNOWN, VALUE)
        if pointed and unit in ("month", "year") and len(near) == 1 and not near[0].yearless:
            _give_time(before, chunk, _whole(near[0], unit))


def _give_time(before: Chunk, chunk: Chunk, days: Days | None) -> None:
    if days is not None:
        chunk.kind, chunk.days, chunk.quantity = WHEN, (days,), None
        before.used, before.means = True, {"free": ""}


def _whole(near: Days, unit: str) -> Days | None:
    """The month or the year that a date lies in; none where it lies in several."""
    first, last = near.first, near.last
    if first.year != last.year or (unit == "month" and first.month != last.month):
        return None
    if unit == "year":
        return Days(date(first.year, 1, 1), date(first.year, 12, 31))
    begun = first.replace(day=1)
    return Days(begun, (begun + timedelta(31)).replace(day=1) - timedelta(1))


def _last_months(found: list[Chunk]) -> None:
    """ "Last October": the month says it."""
    for before, chunk in pairwise(found):
        if chunk.kind == WHEN and before.get("which") == "latest" and chunk.days and chunk.days[0].yearless:
            before.used, before.means = True, {"free": ""}


def _years_of_lists(found: list[Chunk], words: Words) -> None:
    """ "March to May 1994": the year of the last date is that of those before it."""
    for this, other in reversed(list(pairwise(_dates(found)))):
        listed = other == this + 2 and (_joins(found[this + 1], "and") or "," in found[this + 1].means)
        if listed or (other == this + 1 and _dashed(found[this], found[other], words)):
            found[this].days = times.with_year_of(found[this].days, found[other].days, before=True)


def _short_years(found: list[Chunk], words: Words) -> None:
    """ "Between 98 and 2000": a number of two digits before a bare year is a year."""
    for place in _dates(found, 3):
        lead, year, _, other = found[place - 3 : place + 1]
        if year.kind == VALUE and lead.get("prep") in ("between", "from"):
            number, whole = words[year.start].norm, words[other.start].norm
            if len(number) == 2 and number.isdigit() and whole.isdigit() and year.end == year.start + 1:
                year.kind, year.quantity = WHEN, None
                year.days = times.read(("19" if int(number) > int(whole) % 100 else whole[:2]) + number)


def _joins(between: Chunk, conj: str | None = None) -> bool:
    """Whether "to", "until" or a dash stands between two dates; or also a conjunction."""
    joined = "-" in between.means or between.means.get("prep") in ("to", "until")
    return joined or (conj is not None and between.means.get("conj") == conj)


def _first_days(found: list[Chunk], words: Words) -> None:
    """The 10 of "10-12 March 2025", and the 8th of "8th to 22nd December"."""
    for place in _dates(found, 2):
        day, between, other = found[place - 2 : place + 1]
        if day.kind in (VALUE, "ordinal") and _joins(between, "and") and _is_one_day(other):
            number = words[day.start].norm.rstrip("stndrh")
            bare = number.isdigit() and day.end == day.start + 1
            days = times.day_of_month(int(number), other.days) if bare else ()
            if days and days[0].first <= other.days[0].first:
                day.kind, day.days = WHEN, days


def _is_one_day(chunk: Chunk) -> bool:
    return chunk.days[0].first == chunk.days[0].last


def _distances(found: list[Chunk], words: Words, known: frozenset[date]) -> None:
    """Days by the date before them: "a week later", "the previous year", "the 16th", "22 July"."""
    near: When = ()
    for place, chunk in enumerate(found):
        near = () if "." in chunk.means and place + 1 < len(found) else near
        near = () if ";" in chunk.means and _is_since(found, place) else near
        if chunk.kind == WHEN and chunk.days:
            chunk.days = times.with_year_of(chunk.days, near, before=False) if near else chunk.days
            near = chunk.days
        elif chunk.kind == "ordinal":
            _day_of_month(chunk, near, words)
        elif near:
            _by_day_before(found, place, near, words, known)


def _is_since(found: list[Chunk], place: int) -> bool:
    """ "Since 2016; seen in May": what has gone on since a day gives no year to the days behind it."""
    at = max((n for n in range(place) if found[n].kind == WHEN), default=0)
    return at > 0 and found[at - 1].get("prep") == "since"


def _by_day_before(found: list[Chunk], place: int, near: When, words: Words, known: frozenset[date]) -> None:
    if found[place].kind == VALUE:
        _distance(found, place, _exact(near, known))
    elif found[place].kind == UNKNOWN and _is_that_year(words, found[place].start):
        _that_year(found, place, near)
    elif found[place].kind == UNKNOWN and _is_the_year(found, place, words):
        found[place].quantity = Quantity(1.0, UNITS["year"], 0.0)
        _distance(found, place, near)


def _exact(near: When, known: frozenset[date]) -> When:
    """The days of the cited rows that a date may mean: a week before "December 1993" is one before a row's day."""
    return tuple(Days(day, day) for day in sorted(known) if times.within(near, day)) or near


def _is_that_year(words: Words, at: int) -> bool:
    return at > 0 and words[at].norm == "year" and words[at - 1].norm in ("that", "same")


def _is_the_year(found: list[Chunk], place: int, words: Words) -> bool:
    """ "The year before"."""
    at, following = found[place].start, found[place + 1] if place + 1 < len(found) else None
    led = at > 0 and (words[at - 1].norm, words[at].norm) == ("the", "year")
    return led and following is not None and following.get("ago") in ("earlier", "later")


def _that_year(found: list[Chunk], place: int, near: When) -> None:
    """ "In that year"; "October of that year" has its year by the date before it."""
    chunk, at = found[place], place - 1
    while at > 0 and ("free" in found[at].means or found[at].get("prep") in ("of", "in")):
        at -= 1
    if found[at].kind == WHEN:
        for other in found[at + 1 : place + 1]:
            other.used, other.kind, other.means = True, MARK, {}
    else:
        days = [day for day in near if not day.yearless]
        chunk.kind, chunk.days = WHEN, tuple(Days(date(d.first.year, 1, 1), date(d.last.year, 12, 31)) for d in days)


def _day_of_month(chunk: Chunk, near: When, words: Words) -> None:
    chunk.days = times.day_of_month(int("".join(c for c in words[chunk.start].norm if c.isdigit())), near)
    chunk.kind = WHEN if chunk.days else chunk.kind


def _distance(found: list[Chunk], place: int, near: When) -> None:
    chunk, said = found[place], found[place].quantity
    if said is None or said.unit is None or said.unit.kind != "time":
        return
    following = found[place + 1] if place + 1 < len(found) else None
    size = said.unit.size
    if "before" in chunk.means:
        chunk.kind, chunk.days, chunk.quantity = WHEN, times.at_distance(near, -size, size), None
        found[place - 1].used = True
    elif following is not None and (bases := _bases(following, near)) and not is_told_again(found, place):
        _far(chunk, following, bases, said.value * size, size)


def _far(chunk: Chunk, following: Chunk, bases: When, days: float, size: float) -> None:
    sign = 1 if following.means["ago"] == "later" else -1
    chunk.kind, chunk.days, chunk.quantity = WHEN, times.at_distance(bases, sign * days, size), None
    following.kind, following.means, following.used = MARK, {"later": ""}, True


def _bases(following: Chunk, near: When) -> When:
    """What a distance is from: the date before it; "ago" may be from now, too, and is unread without a date."""
    today = datetime.now(UTC).date()
    now = (Days(today, today),) if following.get("ago") == "ago" else ()
    return (*near, *now) if "ago" in following.means else ()


def _dashed(day: Chunk, other: Chunk, words: Words) -> bool:
    """ "Sept-Dec 2022"."""
    return words.written[words[day.end - 1].end : words[other.start].start] in ("-", "–", "/")


def _spans(chunks: list[Chunk], words: Words) -> list[Chunk]:
    """The chunks with "from one day to another" as one."""
    found: list[Chunk] = []
    for chunk in chunks:
        if chunk.kind == WHEN and found and found[-1].kind == WHEN and _dashed(found[-1], chunk, words):
            span = Chunk(SPAN, found[-1].start, chunk.end)
            span.first, span.days = times.with_year_of(found[-1].days, chunk.days, before=True), chunk.days
            found[-1] = span
        elif chunk.kind == WHEN and _ends_span(found):
            span = Chunk(SPAN, found[-2].start, chunk.end)
            span.first, span.days = found[-2].days, chunk.days
            found[-2:] = [span]
            if len(found) > 1 and found[-2].means.get("prep") in SPANNED:
                span.means = {"prep": found[-2].means["prep"]}
                found[-2:] = [span]
        else:
            found.append(chunk)
    return found


def _ends_span(found: list[Chunk]) -> bool:
    """Whether a date stands behind another one and "to"; or "and", where "between" leads."""
    if len(found) < 2 or found[-2].kind != WHEN:
        return False
    # "Between the 2018 and 2019 checks".
    lead = next((chunk for chunk in found[-3::-1] if "free" not in chunk.means), None)
    between = lead is not None and lead.get("prep") == "between"
    return _joins(found[-1], "and" if between else None)
