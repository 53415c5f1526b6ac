"""Days that other chunks give: "the same day", "a week later", "since she was 18", "March to May 1994"."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from core.verification.cited import Cited
from core.verification.dates import Days
from core.verification.grammar import times
from core.verification.grammar.chunks import MARK, NAME, SPAN, UNKNOWN, VALUE, WHEN, Chunk
from core.verification.grammar.tokens import Words

OF_DAYS = frozenset({"same day", "day after"})
OF_AGE = frozenset({"aged", "pronoun", "aux", "free"})
ENDED = frozenset({"ended", "stopped", "completed"})
SPANNED = frozenset({"from", "between", "in", "on", "for"})
When = tuple[Days, ...]


def settled(found: list[Chunk], words: Words, rows: list[Cited], newest: date | None) -> list[Chunk]:
    """The chunks with their days settled; two days that are one time are one chunk."""
    if newest:
        _years_of_now(found, words, newest)
    said = frozenset().union(*[chunk.means for chunk in found])
    if "stay" in said:
        _ends_of_stays(found, rows)
    if not said.isdisjoint(OF_DAYS):
        _same_days(found, rows)
    if "aged" in said or "pronoun" in said:
        _ages(found, rows)
    if not any(chunk.kind == WHEN for chunk in found):
        return found
    _last_months(found)
    _short_years(found, words)
    _years_of_lists(found)
    _first_days(found, words)
    _distances(found, words)
    return _spans(found, words)


def _years_of_now(found: list[Chunk], words: Words, newest: date) -> None:
    """ "This year" and "last year", by the newest day of the record."""
    for before, chunk in pairwise(found):
        if chunk.kind == UNKNOWN and words[chunk.start].norm in ("year", "yr"):
            back = {"this": 0, "last": 1, "previous": 1}.get(words[before.end - 1].norm)
            if back is not None:
                year = newest.year - back
                chunk.kind, chunk.days = WHEN, (Days(date(year, 1, 1), date(year, 12, 31)),)
                before.used, before.means = True, {"free": ""}


def _last_months(found: list[Chunk]) -> None:
    """ "Last October": the month says it."""
    for before, chunk in pairwise(found):
        if before.get("which") == "latest" and chunk.kind == WHEN and chunk.days and chunk.days[0].yearless:
            before.used, before.means = True, {"free": ""}


def _same_days(found: list[Chunk], rows: list[Cited]) -> None:
    """ "The same day", and "the day of the arrest": a date that another date, or a row, gives."""
    near: When = ()
    for place, chunk in enumerate(found):
        if chunk.kind == WHEN and chunk.days:
            near = chunk.days
        elif "same day" in chunk.means:
            if not _birthday(found, place, rows):
                _same_day(found, place, near, rows)
        elif "day after" in chunk.means:
            _day_after(found, place, near, rows)


def _day_after(found: list[Chunk], place: int, near: When, rows: list[Cited]) -> None:
    """ "The next day", by the date before it; "the day after pneumonia was recorded", by the row that is named."""
    chunk, reach = found[place], found[place + 1 : place + 3]
    name = next((c for c in reach if c.kind == NAME), None) if "after" in chunk.means["day after"] else None
    days = _days_of(found, place, name, rows) if name else near
    seen = next((c for c in found[place + 1 : place + 4] if c.get("noun") == "visit"), None) if not name else None
    if seen is not None and "after" in chunk.means["day after"]:
        of_visits = {row.start for row in rows if row.type == "visit" and row.start}
        days = tuple(Days(day, day) for day in of_visits) if len(of_visits) == 1 else ()
        for other in found[place + 1 : found.index(seen) + 1] if days else ():
            other.used, other.means = True, {"free": ""}
    if days and not days[0].yearless and days[0].first == days[0].last:
        step = timedelta(-1 if chunk.means["day after"].startswith("-") else 1)
        if name:
            name.used = True
        _settle_day(found, place, tuple(Days(d.first + step, d.last + step) for d in days))


def _ends_of_stays(found: list[Chunk], rows: list[Cited]) -> None:
    """ "At discharge", "on admission": a day of the visits that are cited; a date beside it says no more."""
    stays = [row for row in rows if row.type == "visit" and row.start and row.stop and row.start < row.stop]
    for place, chunk in enumerate(found):
        end = chunk.get("stay")
        days = dict.fromkeys(row.stop if end == "end" else row.start for row in stays) if end else ()
        if days:
            chunk.kind, chunk.days = WHEN, tuple(Days(day, day) for day in days if day)
            for other in found[place + 1 : place + 3]:
                if other.kind == WHEN and any(times.within(other.days, day) for day in days):
                    other.used, other.kind, other.means = True, MARK, {}


def _same_day(found: list[Chunk], place: int, near: When, rows: list[Cited]) -> None:
    """Give "the day of ..." the day of what it names; "the same day" that of the date before it, or behind it."""
    reach = found[place + 1 : place + 3]
    reach = found[place + 1 : place + 5] if any(c.kind == WHEN for c in reach) else reach
    name = next((c for c in reach if c.kind == NAME), None)
    if name is None:
        days = near or next((c.days for c in found[place:] if c.kind == WHEN), ()) or _only_day(rows)
    else:
        days = _days_of(found, place, name, rows)
        name.used = name.used or bool(days)
    if days:
        _settle_day(found, place, days)


def _only_day(rows: list[Cited]) -> When:
    """The one day of all rows, where there are several."""
    days = {row.start for row in rows if row.start}
    return tuple(Days(day, day) for day in days) if len(days) == 1 < len(rows) else ()


def _settle_day(found: list[Chunk], place: int, days: When) -> None:
    """A day named by another; beside the same day in figures it says nothing new."""
    chunk = found[place]
    written = found[place - 2] if place > 1 and "," in found[place - 1].means else None
    if written is not None and written.kind == WHEN and set(written.days) & set(days):
        chunk.used, chunk.means = True, {"free": ""}
    else:
        chunk.kind, chunk.days = WHEN, days


def _birthday(found: list[Chunk], place: int, rows: list[Cited]) -> bool:
    """Read "the day of birth" as the day that the row of the patient gives."""
    chunk = next((c for c in found[place + 1 : place + 2] if "born" in c.means), None)
    born = _born(rows)
    if chunk is None or born is None:
        return False
    found[place].kind, found[place].days, chunk.used = WHEN, (Days(born, born),), True
    return True


def _born(rows: list[Cited]) -> date | None:
    return next((row.start for row in rows if row.type == "patient" and row.start), None)


def _days_of(found: list[Chunk], place: int, name: Chunk, rows: list[Cited]) -> When:
    """The days of the rows that a name may mean: of their end, if that is what is said of it."""
    at = found.index(name)
    after = found[at : at + 4]
    ended = any(c.get("status") in ENDED for c in after)
    for chunk in after:
        chunk.used = chunk.used or not {"status", "record"}.isdisjoint(chunk.means)
    mine = [rows[n] for n, _ in (name.name.bearers if name.name else ())]
    days = [day for day in ((row.stop if ended else row.start) for row in mine) if day]
    for chunk in found[place + 1 : at]:
        if chunk.kind == WHEN:
            chunk.used, chunk.kind = True, MARK
            days = [day for day in days if times.within(chunk.days, day)]
    return tuple(Days(day, day) for day in dict.fromkeys(days))


def _ages(found: list[Chunk], rows: list[Cited]) -> None:
    """ "Since she was 18" and "since age 18" as the year that the row of the patient gives."""
    born = _born(rows)
    for place, chunk in enumerate(found):
        if born is not None and chunk.get("prep") in ("since", "from"):
            _age(found[place + 1 : place + 5], born)


def _age(following: list[Chunk], born: date) -> None:
    at = next((n for n, c in enumerate(following) if c.kind == VALUE), 0)
    number, between = following[at] if following else None, following[:at]
    if number is None or number.quantity is None or number.quantity.unit is not None:
        return
    if between and all(c.means.keys() & OF_AGE for c in between):
        number.kind, number.days = WHEN, times.at_age(born, round(number.quantity.value))
        for other in between:
            other.used, other.means = True, {"free": ""}


def _years_of_lists(found: list[Chunk]) -> None:
    """ "March to May 1994": the year of the last date is that of those before it."""
    places = [place for place, chunk in enumerate(found) if chunk.kind == WHEN]
    for this, other in reversed(list(pairwise(places))):
        if other == this + 2 and (_joins(found[this + 1], "and") or "," in found[this + 1].means):
            found[this].days = times.with_year_of(found[this].days, found[other].days, before=True)


def _short_years(found: list[Chunk], words: Words) -> None:
    """ "Between 98 and 2000": a number of two digits before a bare year is a year."""
    for place in range(3, len(found)):
        lead, year, _, other = found[place - 3 : place + 1]
        if other.kind == WHEN and year.kind == VALUE and lead.get("prep") in ("between", "from"):
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
    for place in range(2, len(found)):
        day, between, other = found[place - 2 : place + 1]
        if other.kind == WHEN and day.kind in (VALUE, "ordinal") and _joins(between, "and") and _is_one_day(other):
            number = words[day.start].norm.rstrip("stndrh")
            bare = number.isdigit() and day.end == day.start + 1
            days = times.day_of_month(int(number), other.days) if bare else ()
            if days and days[0].first <= other.days[0].first:
                day.kind, day.days = WHEN, days


def _is_one_day(chunk: Chunk) -> bool:
    return chunk.days[0].first == chunk.days[0].last


def _distances(found: list[Chunk], words: Words) -> None:
    """Days by the date before them: "a week later", "the previous year", "the 16th", "22 July"."""
    near: When = ()
    for place, chunk in enumerate(found):
        if chunk.kind == WHEN and chunk.days:
            chunk.days = times.with_year_of(chunk.days, near, before=False) if near else chunk.days
            near = chunk.days
        elif chunk.kind == VALUE and near:
            _distance(found, place, near)
        elif chunk.kind == "ordinal":
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
    elif following is not None and "ago" in following.means:
        sign = -1 if following.means["ago"] == "earlier" else 1
        chunk.kind, chunk.days, chunk.quantity = WHEN, times.at_distance(near, sign * said.value * size, size), None
        following.kind, following.means, following.used = MARK, {"later": ""}, True


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
    between = len(found) > 2 and found[-3].means.get("prep") == "between"
    return _joins(found[-1], "and" if between else None)
