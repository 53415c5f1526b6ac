"""Points of a sentence and results of a record: which row a point may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from core.verification.cited import Cited
from core.verification.evaluators import quantities, readings, wording
from core.verification.grammar.chunk import Quantity
from core.verification.grammar.times import within
from core.verification.judged import Refuted
from core.verification.statements import Point, Statement
from core.verification.vocabulary import ASSAYS


def rows_of(statement: Statement, rows: Sequence[Cited]) -> list[Cited]:
    """The cited results that the name of a statement may mean."""
    return [rows[n] for n, _ in statement.subject.bearers if rows[n].type == "observation"]


def moment(row: Cited) -> tuple[date, str]:
    """What the results of a series are put in order by."""
    return row.start or date.min, str(row.fields.get("observed_at"))


def has_value(row: Cited, said: Quantity) -> bool | None:
    """Whether a row's value is what was said; None if they cannot be compared."""
    return None if row.value is None else quantities.same(said, row.value, row.unit, row.assay)


def agrees(point: Point, row: Cited) -> bool | None:
    """Whether value and reading of a point are a row's; None if the row does not decide."""
    answers = [has_value(row, point.value)] if point.value else []
    answers += [readings.reads(row, point.reading, point.degree)] if point.reading else []
    answers += [_is_beyond(row, point.beyond)] if point.beyond else []
    return False if False in answers else None if None in answers else True


def _is_beyond(row: Cited, said: Quantity) -> bool | None:
    """Whether a result lies so far from the limit that it passes, as exactly as is written; None if it passes none."""
    limit = {"high": row.high, "low": row.low}.get(readings.reading(row) or "")
    if limit is None or row.value is None:
        return None
    found = quantities.converted(abs(row.value - limit), row.unit, said.unit, row.assay)
    return None if found is None else abs(found - said.value) <= said.step + 1e-9


def is_point(point: Point, row: Cited) -> bool:
    """Whether a row may be a point, by value and day. A point that gives neither is no row in particular."""
    if not (point.value or point.pair or point.when) or not within(point.when, row.start):
        return False
    if point.pair:
        return bool(has_value(row, point.pair[row.assay != "systolic"]._replace(unit=None)))
    return not point.value or bool(has_value(row, point.value))


def chosen(which: str, dated: list[Cited], mine: list[Cited], others: Sequence[Cited]) -> list[Cited]:
    """Those of `dated` that are the latest, first, highest ... Latest and first count rows that are not cited, too."""
    known = [*mine, *(row for row in others if row.assay and row.assay == mine[0].assay)]
    return [row for row in dated if PLACES.get(which, _is_extreme)(which, row, known if which in EDGES else mine)]


def _is_at_edge(which: str, row: Cited, mine: list[Cited]) -> bool:
    """The newest or the oldest; what is alone is not called the first of several."""
    alone = len({other.start for other in mine}) < 2
    return row.start == _edge(mine, newest=which == "latest") and not (which == "first" and alone)


def _is_past_edge(which: str, row: Cited, mine: list[Cited]) -> bool:
    """Later than the first, or earlier than the latest; where all are of one day, any."""
    return row.start != _edge(mine, newest=which == "earlier") or len({other.start for other in mine}) == 1


def _is_extreme(which: str, row: Cited, mine: list[Cited]) -> bool:
    """The highest or the lowest of several; what is alone is neither."""
    values = [other.value for other in mine if other.value is not None]
    if len({other.start for other in mine}) < 2:
        return False
    wanted = min(values, default=None) if _lowest(which, mine[0]) else max(values, default=None)
    return row.value is not None and row.value == wanted


def _reads_before(row: Cited, mine: list[Cited]) -> list[str | None]:
    """How the cited result before a row reads; nothing for the first."""
    before = [other for other in mine if other.start and row.start and other.start < row.start]
    return [readings.reading(max(before, key=_day))] if before else []


def _was_before(which: str, row: Cited, mine: list[Cited]) -> bool:
    """Whether the result before reads as this one does; one that is the first of those cited may."""
    return _reads_before(row, mine) in ([], [readings.reading(row)])


def _turned(which: str, row: Cited, mine: list[Cited]) -> bool:
    """Whether a cited result before this one read otherwise."""
    return _reads_before(row, mine) not in ([], [readings.reading(row)])


def _day(row: Cited) -> date:
    return row.start or date.min


def _edge(rows: Sequence[Cited], *, newest: bool) -> date | None:
    days = [row.start for row in rows if row.start]
    return (max(days) if newest else min(days)) if days else None


def _lowest(which: str, row: Cited) -> bool:
    if which == "worst":
        assay = ASSAYS.get(row.assay or "")
        return assay is not None and assay.worse == "down"
    return which.startswith("lowest")


def otherwise(row: Cited, field: str = "value") -> Refuted:
    """That a result was what it was, on its day."""
    read = readings.reading(row)
    tail = f", {readings.WORDED.get(read or '', 'abnormal')}" if field == "interpretation" else ""
    reason = f"{wording.name(row)} was {row.shown()} on {wording.day(row.start)}{tail}."
    return Refuted(row.ref, field, row.shown() if field == "value" else read or "", wording.sentence(reason))


def _is_sole(which: str, row: Cited, mine: list[Cited]) -> bool:
    """The one result of several that reads as it does."""
    alike = [other for other in mine if readings.reading(other) == readings.reading(row)]
    return len(mine) > 1 and readings.reading(row) is not None and len(alike) == 1


EDGES = frozenset({"sole of all", "latest", "first", "highest ever", "lowest ever"})
PLACES: dict[str, Callable[[str, Cited, list[Cited]], bool]] = {
    "latest": _is_at_edge, "first": _is_at_edge, "later": _is_past_edge, "earlier": _is_past_edge,
    "sole": _is_sole, "sole of all": _is_sole, "newly": _turned, "still": _was_before,
}  # fmt: skip
