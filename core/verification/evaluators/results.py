"""Single results: a value, a pair or a reading on a day, and the limits of a range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from core.verification import cited
from core.verification.cited import Cited
from core.verification.evaluators import quantities, readings, wording
from core.verification.evaluators.points import EDGES, agrees, chosen, has_value, otherwise, rows_of
from core.verification.grammar.chunk import Quantity
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.statements import Measured, Point, Ranged
from core.verification.vocabulary import PANELS


def measured(statement: Measured, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """A value, pair or reading on a day."""
    mine, point = rows_of(statement, rows), statement.point
    if not mine:
        return NotInRows(f"No cited row holds {statement.subject.words}.")
    if point.which == "unread":
        return NotInRows("The values could not be told apart.")
    if point.which == "average":
        return _average(point, mine)
    dated = _dated(point, mine, others)
    if point.pair:
        return _paired(point, dated)
    if statement.subject.key in PANELS and len({row.assay for row in mine}) > 1:
        return _panel(point, dated)
    return _single(point, dated, mine)


def _dated(point: Point, mine: list[Cited], others: Sequence[Cited]) -> list[Cited]:
    """The rows that a point may be by its day and its place in an order; a bare reading is of the newest."""
    dated = [row for row in mine if within(point.when, row.start)]
    valued = bool(point.value or point.pair or point.when)
    if not valued and not point.reading:
        return dated
    if not valued and point.which in (None, "still"):
        dated = _newest(dated)
    if point.which == "first" and point.reading:
        same = [row for row in (*mine, *others) if row.assay == mine[0].assay and _may_read(point, row)]
        return [row for row in dated if len(mine) > 1 and all(_day(row) <= _day(other) for other in same)]
    return chosen(point.which, dated, mine, others) if point.which else dated


def _may_read(point: Point, row: Cited) -> bool:
    """Whether a row reads as is said, or does not tell."""
    return readings.reads(row, point.reading or "", point.degree) is not False


def _day(row: Cited) -> date:
    return row.start or date.min


def _newest(rows: list[Cited]) -> list[Cited]:
    newest = max((row.start or date.min for row in rows), default=None)
    return [row for row in rows if (row.start or date.min) == newest]


def _average(point: Point, mine: list[Cited]) -> Judged:
    """The mean of all cited results."""
    values = [row.value for row in mine if row.value is not None]
    if point.value is None or point.when or len(values) < 2:
        return NotInRows("An average needs a value and more than one result.")
    mean = sum(values) / len(values)
    if quantities.same(point.value, mean, mine[0].unit, mine[0].assay):
        return Proved(mine[0].ref, "value", f"{mean:.2f}")
    return Refuted(mine[0].ref, "value", f"{mean:.2f}", f"The mean of the cited results is {mean:.2f}.")


def _single(point: Point, dated: list[Cited], mine: list[Cited]) -> Judged:
    found = next((row for row in dated if agrees(point, row)), None)
    if found is not None:
        return _of_all(point, found, dated)
    if not dated:
        return _of_another_day(point, mine)
    if any(agrees(point, row) for row in mine if within(point.when, row.start)):
        return NotInRows(wording.sentence(f"the latest {wording.name(mine[0])} reads otherwise."))
    return _against(point, next((row for row in dated if point.value and has_value(row, point.value)), dated[0]))


def _of_all(point: Point, found: Cited, dated: list[Cited]) -> Judged:
    """ "High in 2026" is of all results of that year; a value is of one of them."""
    plain = point.reading and not (point.value or point.which)
    if plain and any(agrees(point, row) is False for row in dated):
        return NotInRows(wording.sentence(f"not all cited results of {wording.name(found)} read so."))
    return Proved(found.ref, "value", found.shown())


def _of_another_day(point: Point, mine: list[Cited]) -> Judged:
    name, row = wording.name(mine[0]), mine[0]
    if point.which and not any(within(point.when, row.start) for row in mine):
        point = replace(point, which=None)
    elif point.which not in (None, *EDGES) and len({row.start for row in mine}) == 1:
        return NotInRows(wording.sentence(f"one {name} is cited, and nothing to compare it with."))
    days = ", ".join(dict.fromkeys(wording.day(r.start) for r in mine))
    reason = f"{name} was measured on {days}, not on the day the claim gives."
    if point.which:
        reason = f"the cited {name} is not the {point.which} one."
    return Refuted(row.ref, "observed_at", wording.day(row.start), wording.sentence(reason))


def _against(point: Point, row: Cited) -> Judged:
    """What the row that is nearest to a point says otherwise."""
    same = has_value(row, point.value) if point.value else True
    if same is None:
        return NotInRows(f"The value of {wording.name(row)} cannot be compared with the row's.")
    if not same:
        return _misses(point, row)
    if readings.reads(row, point.reading or "", point.degree) is None:
        return NotInRows(f"The cited row does not decide how {wording.name(row)} reads.")
    return otherwise(row, "interpretation")


# A value cut off, or rounded the other way, misses by less than its last digit is worth: two of its steps.
ROUNDED_OTHERWISE = 1.9999


def _misses(point: Point, row: Cited) -> Judged:
    """That a result has another value; one that misses by less than its last digit contradicts nothing."""
    said = point.value
    if said is not None and has_value(row, said._replace(step=ROUNDED_OTHERWISE * said.step)):
        return NotInRows(wording.sentence(f"{wording.name(row)} was {row.shown()}: the claim rounds it otherwise."))
    return otherwise(row)


def _paired(point: Point, dated: list[Cited]) -> Judged:
    """A systolic and a diastolic value of one day."""
    pairs = [
        (top, low)
        for top in dated
        for low in dated
        if None not in (top.value, low.value)
        and top.assay == "systolic"
        and low.assay == "diastolic"
        and top.start == low.start
    ]
    if not pairs:
        return NotInRows("No cited rows hold both parts of that blood pressure.")
    for top, low in pairs:
        if _pair_agrees(point, top, low):
            return Proved(top.ref, "value", f"{top.shown()} and {low.shown()}")
    top, low = pairs[0]
    reason = f"Blood pressure was {cited.shown(top.value, None)}/{low.shown()} on {wording.day(top.start)}."
    return Refuted(top.ref, "value", top.shown(), reason)


def _pair_agrees(point: Point, top: Cited, low: Cited) -> bool:
    if point.pair is None:
        return False
    unit = point.pair[1].unit
    said = zip(point.pair, (top, low), strict=True)
    if not all(has_value(row, quantity._replace(unit=unit)) for quantity, row in said):
        return False
    if not point.reading:
        return True
    return readings.together([readings.reads(row, point.reading, point.degree) for row in (top, low)], point.reading)


def _panel(point: Point, dated: list[Cited]) -> Judged:
    """How a panel reads: normal if all of it does, otherwise as some of it does."""
    if point.value or not dated:
        said = "No cited row is of that day." if not dated else "The claim does not say of which test that value is."
        return NotInRows(said)
    if not point.reading:
        return Proved(dated[0].ref, "observed_at", wording.day(dated[0].start))
    if all(_together(point, [row for row in dated if row.start == day]) for day in {row.start for row in dated}):
        return Proved(dated[0].ref, "interpretation", readings.reading(dated[0]) or "")
    wrong = next((row for row in dated if readings.reads(row, point.reading, point.degree) is False), None)
    return otherwise(wrong) if wrong else NotInRows("The cited rows do not decide how that reads.")


def _together(point: Point, of_day: list[Cited]) -> bool:
    said = point.reading or ""
    return readings.together([readings.reads(row, said, point.degree) for row in of_day], said)


def ranged(statement: Ranged, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """The limits of a range: both as written, or one that either limit is."""
    mine = rows_of(statement, rows)
    found = next((row for row in mine if _is_ranged(statement, row)), None)
    if found is not None:
        return Proved(found.ref, "ref_high", _limits(found))
    if statement.low is None or not any(row.low is not None and row.high is not None for row in mine):
        return NotInRows("No cited row holds that range.")
    reason = f"the range of {wording.name(mine[0])} is {_limits(mine[0])}."
    return Refuted(mine[0].ref, "ref_high", _limits(mine[0]), wording.sentence(reason))


def _is_ranged(statement: Ranged, row: Cited) -> bool:
    """Whether a row has the limits that are said; a low one alone may be all that is said."""
    if statement.low is None:
        lower = not statement.upper and _is(statement.high, row.low, row)
        return lower or _is(statement.high, row.high, row)
    alone = statement.high is None and not statement.low.sign
    return _is(statement.low, row.low, row) and (alone or _is(statement.high, row.high, row))


def _limits(row: Cited) -> str:
    return " to ".join(f"{limit:g}" for limit in (row.low, row.high) if limit is not None) or "not given"


def _is(said: Quantity | None, limit: float | None, row: Cited) -> bool:
    return (
        said is not None
        and limit is not None
        and bool(quantities.same(said._replace(sign=""), limit, row.unit, row.assay))
    )
