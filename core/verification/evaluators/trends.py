"""Trends: a direction, an amount and a length of time, by the results in the order of their days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from itertools import groupby, pairwise

from core.verification.cited import Cited
from core.verification.dates import When
from core.verification.evaluators import listed, quantities, readings, wording
from core.verification.evaluators.points import is_point, moment, rows_of
from core.verification.evaluators.trend_directions import DIRECTIONS, by_degree, change
from core.verification.grammar.chunk import BOUNDS, Quantity
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.statements import Point, Trend
from core.verification.vocabulary import ASSAYS

SIMPLE = frozenset({"up", "down", "flat", "same"})
# Which way a result outside its range comes nearer to it, and which way it goes farther away.
NEARER = {"low": ("up", "down"), "high": ("down", "up")}
OF_FUNCTION = frozenset({"renal function", "liver function"})


def trend(statement: Trend, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """A direction of each test that the name may mean: blood pressure fell if both its parts did."""
    series: dict[str, list[Cited]] = {}
    for row in sorted(rows_of(statement, rows), key=moment):
        if row.start and row.value is not None:
            series.setdefault(row.assay or wording.name(row), []).append(row)
    answers = [_of_one_test(statement, found) for found in series.values()]
    if not answers:
        return NotInRows(f"No cited row holds {statement.subject.words}.")
    for kind in (Refuted, NotInRows):
        for answer in answers:
            if isinstance(answer, kind):
                return answer
    return answers[0]


def _of_one_test(statement: Trend, mine: list[Cited]) -> Judged:
    if statement.direction == "ranged":
        return _ranged(statement, mine)
    if statement.direction in listed.WAYS:
        return listed.listed(statement, mine)
    if statement.length is not None and statement.length.sign == "running" and len(statement.points) > 1:
        return _ran(statement.points[-1], round(statement.length.value), mine)
    chosen = _chosen(statement, mine)
    if chosen is None or not (_holds(statement.first, mine) and _holds(statement.last, mine)):
        return NotInRows("The cited rows do not hold both ends of that change.")
    if len(chosen) < 2 or chosen[0] is chosen[-1]:
        return NotInRows("A change needs two results; one is cited.")
    return _length(statement, chosen) or _amount(statement, chosen) or _direction(statement, chosen)


def _ran(point: Point, years: int, mine: list[Cited]) -> Judged:
    """ "3.0, was 2.7 three years running": results of that value, with none between them, in so many years on end."""
    runs = [list(run) for same, run in groupby(mine, key=lambda row: is_point(point, row)) if same]
    for run in runs:
        found = {row.start.year for row in run if row.start}
        if len(found) == years == max(found) - min(found) + 1:
            return Proved(run[-1].ref, "value", run[-1].shown())
    return NotInRows("The cited results are not of that many years in a row.")


def _holds(when: When, mine: list[Cited]) -> bool:
    return not when or any(within(when, row.start) for row in mine)


def _chosen(statement: Trend, mine: list[Cited]) -> list[Cited] | None:
    """The rows that a trend is about, by their days; None if a point has none, or they came in another order."""
    points = [point for point in statement.points if _is_known(point)]
    if statement.first and statement.last:
        mine = list(filter(partial(_between, statement), mine)) or mine
        points = points if len(points) > 1 else []
    if not points or _stays_at(statement, points):
        return mine
    return _by_points(statement, points, mine)


def _is_known(point: Point) -> bool:
    """Whether a point is one of a change; "still above 5.2" is none."""
    is_bound = point.value is not None and point.value.sign in BOUNDS
    return bool(point.value or point.pair or point.when) and not is_bound


def _by_points(statement: Trend, points: list[Point], mine: list[Cited]) -> list[Cited] | None:
    known = [row for row in _matched(points, mine) if row is not None]
    if len(known) < len(points):
        return None
    if sum(point.origin == "from" for point in points) > 1:
        return _all_before(statement, points, known)
    single = len(known) == 1
    return _to_or_from(statement, points[0], known[0], mine) if single else _in_order(statement, points, known)


def _all_before(statement: Trend, points: list[Point], known: list[Cited]) -> list[Cited] | None:
    """ "136, up from 109 in 2024 and 122 in 2025": the one value is later than the others, and differs so from each."""
    before = sorted((row for row, p in zip(known, points, strict=True) if p.origin == "from"), key=moment)
    last = [row for row, p in zip(known, points, strict=True) if p.origin != "from"]
    if len(last) != 1 or moment(before[-1]) >= moment(last[0]):
        return None
    compare = DIRECTIONS.get(statement.direction)
    so = compare is not None and all(compare([row, last[0]]) for row in before)
    return [*before, *last] if so else None


def _ranged(statement: Trend, mine: list[Cited]) -> Judged:
    """From the lowest of all cited results to the highest."""
    ordered = sorted(mine, key=lambda row: row.value or 0.0)
    limits = [point for point in statement.points if point.value]
    if len(limits) != 2 or len(mine) < 2 or statement.first or statement.last:
        return NotInRows("The claim does not give two limits of one series.")
    ends = (ordered[0], ordered[-1])
    if all(is_point(point, row) for point, row in zip(limits, ends, strict=True)):
        return Proved(ends[1].ref, "value", f"{ends[0].shown()} to {ends[1].shown()}")
    return _otherwise(*ends)


def _matched(points: Sequence[Point], mine: list[Cited]) -> list[Cited | None]:
    """The row of each point; of several that it may be, the first that is later than the row of the point before."""
    found: list[Cited | None] = []
    for point in points:
        fitting = [row for row in mine if is_point(point, row)]
        before = found[-1] if found else None
        later = [row for row in fitting if before is None or moment(row) > moment(before)]
        found.append(next(iter(later or fitting), None))
    return found


def _between(statement: Trend, row: Cited) -> bool:
    day = row.start or date.min
    return any(d.first <= day for d in statement.first) and any(day <= d.last for d in statement.last)


def _stays_at(statement: Trend, points: list[Point]) -> bool:
    """ "Static at 96.8 kg", "28 three years in a row": the one value is that of all results."""
    running = statement.length is not None and statement.length.sign == "running"
    steady = statement.direction in ("flat", "same") and not points[0].when
    return len(points) == 1 and bool(points[0].value) and (running or steady)


def _to_or_from(statement: Trend, point: Point, row: Cited, mine: list[Cited]) -> list[Cited] | None:
    if point.origin == "from":
        return [row, mine[-1]]
    if not statement.first:
        return _from_before(statement, row, mine)
    since = [other for other in mine if within(statement.first, other.start)]
    return [since[0], row] if since and since[0] is not row else None


def _from_before(statement: Trend, row: Cited, mine: list[Cited]) -> list[Cited] | None:
    before = [other for other in mine if moment(other) < moment(row)]
    fitting = [other for other in before if _fits(statement, other, row)]
    return [(fitting or before)[-1], row] if before else None


def _fits(statement: Trend, other: Cited, row: Cited) -> bool:
    """Whether an earlier result lies as far back, and differs as much, as is said."""
    return not _length(statement, [other, row]) and not _amount(statement, [other, row])


def _in_order(statement: Trend, points: list[Point], known: list[Cited]) -> list[Cited] | None:
    """The rows of points in the order of time; "up from" names the earlier one last."""
    ordered = _ordered(statement, points, known)
    apart = len({row.ref for row in known}) == len(known) or statement.direction != "over"
    return ordered if _rises(ordered) and apart else None


def _ordered(statement: Trend, points: list[Point], known: list[Cited]) -> list[Cited]:
    """The rows as they may be told: in turn, backwards, or the first of them last."""
    if points[0].origin == "from":
        return known
    if points[-1].origin == "from":  # "30.2 in 2025 and 2026, up from 29.5 in 2024"
        return known[::-1] if _rises(known[::-1]) else [known[-1], *known[:-1]]
    return known[::-1] if statement.direction != "over" and not _rises(known) else known


def _rises(rows: list[Cited]) -> bool:
    return all((a.start or date.min) <= (b.start or date.min) for a, b in pairwise(rows))


def _length(statement: Trend, chosen: list[Cited]) -> Judged | None:
    """What speaks against the length of time that is said, if anything."""
    first, last, said = chosen[0].start, chosen[-1].start, statement.length
    if said is None or first is None or last is None:
        return None
    if said.sign == "running":
        years = {row.start.year for row in chosen if row.start}
        in_a_row = len(years) == said.value == max(years) - min(years) + 1
        return None if in_a_row else NotInRows("The cited results are not of that many years in a row.")
    days = (last - first).days
    if quantities.lasts(said, days) or _is_of_years(statement, said, chosen):
        return None
    return Refuted(chosen[-1].ref, "observed_at", wording.day(last), f"The results are {days} days apart.")


def _is_of_years(statement: Trend, said: Quantity, chosen: list[Cited]) -> bool:
    """ "Stable for 3 years": a result in each of three years."""
    years = {row.start.year for row in chosen if row.start}
    yearly = said.unit is not None and said.unit.kind == "time" and 365 < said.unit.size < 366
    return yearly and not said.sign and statement.direction in ("flat", "same") and len(years) == said.value


def _amount(statement: Trend, chosen: list[Cited]) -> Judged | None:
    """What speaks against the amount of change that is said, if anything."""
    first, last, said = chosen[0], chosen[-1], statement.delta
    if said is None or first.value is None or last.value is None:
        return None
    return None if _is_amount(said, first, abs(last.value - first.value)) else _otherwise(first, last)


def _is_amount(said: Quantity, first: Cited, change: float) -> bool:
    """Whether a change is as large as is said, in the unit of the results or as a share of the first."""
    kind = said.unit.kind if said.unit else None
    if kind == "percent" and first.unit and first.unit.kind != "percent":
        share = 100 * change / abs(first.value) if first.value else 0.0
        return abs(share - said.value) <= 0.5 + said.step
    bare = said._replace(unit=None) if kind == "score" else said
    return bool(quantities.same(bare, change, first.unit, first.assay))


def _direction(statement: Trend, chosen: list[Cited]) -> Judged:
    first, last = chosen[0], chosen[-1]
    said = statement.direction.removeprefix("not ")
    negated = said != statement.direction
    if said in ("recovered", "normalised"):
        return NotInRows("What has not recovered is a judgement.") if negated else _recovery(said, first, last)
    said = _worded(said, statement, first, last)
    if said not in DIRECTIONS or (negated and said not in SIMPLE):
        return NotInRows("Whether that change is for the better is a judgement.")
    if not negated and not (_as_steadily(statement, said, chosen) and by_degree(statement.degree, first, last)):
        return NotInRows("How steady or how large that change is, the cited rows do not tell.")
    if DIRECTIONS[said](chosen) != negated:
        return Proved(last.ref, "value", f"{first.shown()} then {last.shown()}")
    return _otherwise(first, last)


def _worded(said: str, statement: Trend, first: Cited, last: Cited) -> str:
    """The direction that a word means for a test."""
    if statement.subject.key in OF_FUNCTION:
        said = {"up": "better", "down": "worse"}.get(said, said)
    return _for_better(said, first, last) if said in ("better", "worse") else said


def _recovery(said: str, first: Cited, last: Cited) -> Judged:
    """Out of its range, then back in it; a recovery may also be on its way there."""
    before, after = readings.reading(first), readings.reading(last)
    if before is None or after is None:
        return NotInRows("The cited rows do not decide how that reads.")
    by = change(first, last)
    nearer = after == before and (by < 0 if before == "high" else by > 0)
    if before != "normal" and (after == "normal" or (said == "recovered" and nearer)):
        return Proved(last.ref, "value", f"{first.shown()} then {last.shown()}")
    if said == "recovered" and {before, after} == {"low", "high"}:
        return NotInRows("Whether a result that went from below its range to above it recovered is a judgement.")
    return _otherwise(first, last)


def _otherwise(first: Cited, last: Cited) -> Refuted:
    reason = (
        f"{wording.name(last)} went from {first.shown()} on {wording.day(first.start)}"
        f" to {last.shown()} on {wording.day(last.start)}."
    )
    return Refuted(last.ref, "value", last.shown(), wording.sentence(reason))


def _for_better(said: str, first: Cited, last: Cited) -> str:
    """The direction that better or worse means for a test; if it has none of its own, nearer to its range or away."""
    assay = ASSAYS.get(last.assay or "")
    if assay and assay.worse:
        return assay.worse if said == "worse" else {"up": "down", "down": "up"}[assay.worse]
    before, after = readings.reading(first), readings.reading(last)
    if before == after and before in NEARER:
        nearer, farther = NEARER[before]
        return nearer if said == "better" else farther
    normal = (before == "normal", after == "normal")
    wanted = (False, True) if said == "better" else (True, False)
    return "over" if before and after and normal == wanted else "judgement"


def _as_steadily(statement: Trend, said: str, chosen: list[Cited]) -> bool:
    if not statement.steadily or said not in ("up", "down"):
        return True
    return all(DIRECTIONS[said]([a, b]) for a, b in pairwise(chosen))
