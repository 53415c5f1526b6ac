"""Days that names and ages give: "the same day", "the day after the infarct", "at discharge", "since she was 18"."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import takewhile

from core.verification.cited import Cited
from core.verification.dates import Days, When
from core.verification.grammar import deaths, names, times
from core.verification.grammar.chunk import MARK, NAME, VALUE, WHEN, Chunk

BEFORE_DEATH = frozenset({"sex", "pronoun", "free"})
OF_DAYS = frozenset({"same day", "day after"})
OF_AGE = frozenset({"aged", "pronoun", "aux", "free"})
ENDED = frozenset({"ended", "stopped", "completed"})
# How much more "about" leaves open.
ABOUT = 1.5
# "Those", "the others": what was named before.
OTHERS = frozenset({"others"})


def settle(found: list[Chunk], rows: list[Cited]) -> None:
    """Give each such word its day."""
    for place, chunk in enumerate(found[:-2]):
        if chunk.quantity is not None:
            _distance_of_name(found, place, rows)
    said: set[str] = set().union(*[chunk.means for chunk in found])
    if "stay" in said:
        _ends_of_stays(found, rows)
    if not said.isdisjoint(OF_DAYS):
        _same_days(found, rows)
    if "aged" in said or "pronoun" in said:
        _ages(found, rows)
    if "status" in said:
        _until_healed(found, rows)


def _until_healed(found: list[Chunk], rows: list[Cited]) -> None:
    """ "Until the sprain resolved on 4 January": the day on which what is named ended."""
    for place, chunk in enumerate(found):
        at = next((n for n in range(place + 1, min(place + 4, len(found))) if found[n].kind == NAME), 0)
        if at and chunk.get("prep") == "until" and any(c.get("status") in ENDED for c in found[at : at + 4]):
            _until(found[at : at + 6], rows)


def _until(told: list[Chunk], rows: list[Cited]) -> None:
    """Make a day of a name, what ended it, and the date beside it."""
    name, dated = told[0], [chunk for chunk in told if chunk.kind == WHEN]
    days = [day for day in _ends(name, rows) if all(times.within(c.days, day) for c in dated)]
    if not days:
        return
    for chunk in told[1:]:
        chunk.used = chunk.used or chunk in dated or "status" in chunk.means or chunk.get("prep") in ("on", "in")
    for chunk in dated:
        chunk.kind = MARK
    name.kind, name.name, name.days = WHEN, None, tuple(Days(day, day) for day in dict.fromkeys(days))


def _same_days(found: list[Chunk], rows: list[Cited]) -> None:
    """ "The same day", and "the day of the arrest": a date that another date, or a row, gives."""
    near: When = ()
    before: When = ()
    for place, chunk in enumerate(found):
        if chunk.kind == WHEN and chunk.days:
            near, before = times.with_year_of(chunk.days, near, before=False) if near else chunk.days, near
        elif "same day" in chunk.means:
            ends = place > 1 and found[place - 1].get("prep") in ("until", "to") and found[place - 2].days == near
            if not _birthday(found, place, rows):
                _same_day(found, place, before if ends else near, rows)
        elif "day after" in chunk.means:
            _day_after(found, place, near, rows)


def _distance_of_name(found: list[Chunk], place: int, rows: list[Cited]) -> None:
    """ "Six weeks after the pregnancy ended", "two days before she died"."""
    said, prep = found[place].quantity, found[place + 1].get("prep")
    if said is None or said.unit is None or said.unit.kind != "time" or prep not in ("after", "before"):
        return
    name = _event(found[place + 2 : place + 5])
    days: When = ()
    if name is not None:
        days = deaths.days(rows) if "died" in name.means else _days_of(found, place + 1, name, rows)
    if name is not None and len(days) == 1:
        length = said.value * said.unit.size * (1 if prep == "after" else -1)
        found[place + 1].used = name.used = True
        found[place].quantity = None
        about = place > 0 and found[place - 1].get("prep") == "around"
        _settle_day(found, place, times.at_distance(days, length, said.unit.size * (ABOUT if about else 1)))


def _event(behind: list[Chunk]) -> Chunk | None:
    """What a distance is from: a name, or a death behind "she" or "his"."""
    if behind and not BEFORE_DEATH.isdisjoint(behind[0].means):
        behind = behind[1:] if any("died" in c.means for c in behind[1:2]) else behind
    if behind and "died" in behind[0].means:
        return behind[0]
    return next((chunk for chunk in behind[:2] if chunk.kind == NAME), None)


def _day_after(found: list[Chunk], place: int, near: When, rows: list[Cited]) -> None:
    """ "The next day", by the date before it; "the day after pneumonia was recorded", by what is named behind it."""
    step, _, behind = found[place].means["day after"].partition(" ")
    days = (_day_behind(found, place, rows) or near) if behind else near
    if days and not days[0].yearless and days[0].first == days[0].last:
        _settle_day(
            found, place, tuple(Days(d.first + timedelta(int(step)), d.last + timedelta(int(step))) for d in days)
        )


def _day_behind(found: list[Chunk], place: int, rows: list[Cited]) -> When:
    """The day of a name, or of the only visit ("the day before he was seen"), that stands behind a place."""
    if _birthday(found, place, rows):
        return found[place].days
    name = next((c for c in found[place + 1 : place + 3] if c.kind == NAME), None)
    if name is not None:
        days = _days_of(found, place, name, rows)
        name.used = name.used or bool(days)
        return days
    return _day_of_visit(found, place, rows)


def _day_of_visit(found: list[Chunk], place: int, rows: list[Cited]) -> When:
    seen = next((n for n, c in enumerate(found[: place + 4]) if n > place and c.get("noun") == "visit"), None)
    visits = _days_of_visits(rows)
    if seen is None or len(visits) != 1:
        return ()
    for other in found[place + 1 : seen + 1]:
        other.used, other.means = True, {"free": ""}
    return tuple(Days(day, day) for day in visits)


def _days_of_visits(rows: list[Cited]) -> set[date]:
    return {row.start for row in rows if row.type == "visit" and row.start}


def _ends_of_stays(found: list[Chunk], rows: list[Cited]) -> None:
    """ "At discharge", "on admission": a day of the visits that are cited; a date beside it says no more."""
    stays = [stay for row in rows if row.type == "visit" and (stay := _stay(row))]
    for place, chunk in enumerate(found):
        end = chunk.get("stay")
        days = {stop if end == "end" else start for start, stop in stays}
        if end and days:
            chunk.kind, chunk.days = WHEN, tuple(Days(day, day) for day in days)
            _silence(found[place + 1 : place + 3], days)


def _stay(row: Cited) -> tuple[date, date] | None:
    return (row.start, row.stop) if row.start and row.stop and row.start < row.stop else None


def _silence(behind: list[Chunk], days: set[date]) -> None:
    for other in behind:
        if other.kind == WHEN and any(times.within(other.days, day) for day in days):
            other.used, other.kind, other.means = True, MARK, {}


def _same_day(found: list[Chunk], place: int, near: When, rows: list[Cited]) -> None:
    """Give "the day of ..." the day of what it names; "the same day" that of the date before it, or behind it."""
    is_led = found[place].means["same day"] == "of" or not near
    name = _name_near(found[place + 1 : place + 5]) if is_led else None
    if name is not None:
        days = _days_of(found, place, name, rows)
        name.used = name.used or bool(days)
    else:
        shared = _day_of_others(found, place, rows) if is_led else ()
        days = shared or near or _days_behind(found[place:]) or _only_day(rows)
    if days:
        _settle_day(found, place, days)


def _days_behind(behind: list[Chunk]) -> When:
    return next((chunk.days for chunk in behind if chunk.kind == WHEN), ())


def _day_of_others(found: list[Chunk], place: int, rows: list[Cited]) -> When:
    """ "A and B resolved; C, recorded on the same day as those two": the one day of all named before the last."""
    behind = list(takewhile(_is_of_others, found[place + 1 : place + 4]))
    named = [chunk for chunk in found[:place] if chunk.kind == NAME and chunk.bearers][:-1]
    days = {day for chunk in named for day in _starts(chunk, rows)}
    if len(days) != 1 or len(named) < 2 or not _are_meant(behind, len(named)):
        return ()
    for chunk in behind:
        chunk.used, chunk.quantity, chunk.means = True, None, {"free": ""}
    return tuple(Days(day, day) for day in days)


def _are_meant(behind: list[Chunk], count: int) -> bool:
    """Whether "the others", or as many, are said."""
    numbers = [round(chunk.quantity.value) for chunk in behind if chunk.quantity is not None]
    said = any(not chunk.means.keys().isdisjoint(OTHERS) for chunk in behind)
    return said and numbers in ([], [count])


def _is_of_others(chunk: Chunk) -> bool:
    return chunk.quantity is not None or not chunk.means.keys().isdisjoint({"free", *OTHERS})


def _name_near(reach: list[Chunk]) -> Chunk | None:
    reach = reach if any(c.kind == WHEN for c in reach[:2]) else reach[:2]
    return next((c for c in reach if c.kind == NAME), None)


def _only_day(rows: list[Cited]) -> When:
    """The one day of all rows, where there are several."""
    days = {row.start for row in rows if row.start}
    return tuple(Days(day, day) for day in days) if len(days) == 1 < len(rows) else ()


def _overlap(one: When, other: When) -> bool:
    return any(a.holds(b.first) or b.holds(a.first) for a in one for b in other)


def _settle_day(found: list[Chunk], place: int, days: When) -> None:
    """A day named by another; beside the same day in figures it says nothing new."""
    chunk = found[place]
    written = found[place - 2] if place > 1 and "," in found[place - 1].means else None
    if written is not None and written.kind == WHEN and _overlap(written.days, days):
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
    days = _ends(name, rows) if ended else _starts(name, rows)
    for chunk in found[place + 1 : at]:
        if chunk.kind == WHEN:
            chunk.used, chunk.kind = True, MARK
            days = [day for day in days if times.within(chunk.days, day)]
    return tuple(Days(day, day) for day in dict.fromkeys(days))


def _starts(name: Chunk, rows: list[Cited]) -> list[date]:
    return [day for row in _of_name(name, rows) if (day := row.start)]


def _ends(name: Chunk, rows: list[Cited]) -> list[date]:
    return [day for row in _of_name(name, rows) if (day := row.stop)]


def _of_name(name: Chunk, rows: list[Cited]) -> list[Cited]:
    """The rows of that name; those that give it as their reason, only where there is none."""
    own = [n for n, how in name.bearers if how == names.BY_NAME]
    return [rows[n] for n in own or [n for n, _ in name.bearers]]


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
