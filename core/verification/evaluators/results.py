"""Results: values, readings, trends and ranges, each by the rows' own values, ranges and days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from core.verification.cited import Cited
from core.verification.evaluators import quantities, wording
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.statements import Always, Measured, Point, Ranged, Statement, Trend
from core.verification.vocabulary import ASSAYS, PANELS

SLIGHT_MAX = 0.10
MARKED_MIN = 0.10


def rows_of(statement: Statement, rows: Sequence[Cited]) -> list[Cited]:
    return [rows[n] for n, how in statement.subject.bearers if rows[n].type == "observation"]


def reading(row: Cited) -> str | None:
    """high, low or normal, by the row's own range or mark; None if it has neither."""
    if row.value is None:
        return None
    low, high = row.fields.get("ref_low"), row.fields.get("ref_high")
    if high is not None and row.value > float(high):
        return "high"
    if low is not None and row.value < float(low):
        return "low"
    if low is not None or high is not None:
        return {"A": "abnormal", "AA": "abnormal"}.get(row.mark, "normal")
    return {"H": "high", "HH": "high", "L": "low", "LL": "low", "N": "normal", "A": "abnormal", "AA": "abnormal"}.get(
        row.mark
    )


def reads(row: Cited, said: str, degree: str | None = None) -> bool | None:
    """Whether a row reads as said; None where it has no range and no mark."""
    found = reading(row)
    if said == "without a range":
        return row.fields.get("ref_low") is None and row.fields.get("ref_high") is None
    if found is None:
        return None
    if said.startswith("not "):
        inner = reads(row, said[4:], degree)
        return None if inner is None else not inner
    if said.startswith("critical"):
        critical = row.mark in ("HH", "LL", "AA")
        return critical and (said == "critical" or said.endswith(found))
    if said == "borderline":
        return None
    if said == "abnormal":
        return found in ("high", "low", "abnormal")
    if found != said:
        return False
    return _by_degree(row, found, degree)


def _by_degree(row: Cited, found: str, degree: str | None) -> bool | None:
    limit = row.fields.get("ref_high") if found == "high" else row.fields.get("ref_low")
    if degree is None or limit is None or row.value is None or not float(limit):
        return True if degree is None else None
    beyond = abs(row.value - float(limit)) / abs(float(limit))
    if degree == "slight":
        return beyond <= SLIGHT_MAX if beyond <= SLIGHT_MAX or beyond > 2 * SLIGHT_MAX else None
    return True if degree == "marked" and beyond > MARKED_MIN else None


def measured(statement: Measured, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """A value, pair or reading on a day."""
    mine = rows_of(statement, rows)
    point = statement.point
    if not mine:
        return NotInRows(f"No cited row holds {statement.subject.words}.")
    if point.which == "unread":
        return NotInRows("The values could not be told apart.")
    dated = [row for row in mine if within(point.when, row.start)]
    if point.which and (point.value or point.pair or point.when or point.reading):
        dated = _which(point.which, dated, mine, others)
    if point.pair:
        return _paired(statement, dated, mine)
    if statement.subject.key in PANELS and not point.value:
        return _panel(point, dated, mine)
    if point.reading and not (point.value or point.when or point.which):
        dated = sorted(dated, key=lambda row: row.start or date.min)[-1:]
    found = [row for row in dated if _agrees(point, row) is True]
    if found:
        return Proved(found[0].ref, "value", found[0].shown())
    return _against(statement, point, dated, mine)


def _which(which: str, dated: list[Cited], mine: list[Cited], others: Sequence[Cited]) -> list[Cited]:
    if which in ("latest", "later", "first", "earlier"):
        known = (
            mine + [row for row in others if row.assay and row.assay == mine[0].assay]
            if which in ("latest", "first")
            else mine
        )
        days = [row.start for row in known if row.start]
        if not days:
            return []
        if which in ("later", "earlier"):
            edge = min(days) if which == "later" else max(days)
            return [row for row in dated if row.start != edge or len(set(days)) == 1]
        edge = max(days) if which == "latest" else min(days)
        return [row for row in dated if row.start == edge]
    if which == "worst":
        assay = ASSAYS.get(mine[0].assay or "")
        which = "lowest" if assay and assay.worse == "down" else "highest"
    values = [row.value for row in mine if row.value is not None]
    edge_value = max(values) if which == "highest" else min(values)
    return [row for row in dated if row.value == edge_value] if values else []


def _agrees(point: Point, row: Cited) -> bool | None:
    answers: list[bool | None] = []
    if point.value:
        answers.append(quantities.same(point.value, row.value, row.unit, row.assay) if row.value is not None else None)
    if point.reading:
        answers.append(reads(row, point.reading, point.degree))
    return False if False in answers else None if None in answers else True


def _against(statement: Measured, point: Point, dated: list[Cited], mine: list[Cited]) -> Judged:
    """The reason why no row agrees."""
    name = wording.name(mine[0])
    if not dated:
        row = mine[0]
        days = ", ".join(dict.fromkeys(wording.day(r.start) for r in mine))
        if point.which:
            return Refuted(
                row.ref,
                "observed_at",
                wording.day(row.start),
                wording.sentence(f"the cited {name} is not the {point.which} one."),
            )
        return Refuted(
            row.ref,
            "observed_at",
            wording.day(row.start),
            wording.sentence(f"{name} was measured on {days}, not on the day the claim gives."),
        )
    if len(mine) > 1 and any(_agrees(point, row) for row in mine if within(point.when, row.start)):
        return NotInRows(wording.sentence(f"the latest {name} reads otherwise."))
    row = next(
        (
            r
            for r in dated
            if point.value and r.value is not None and quantities.same(point.value, r.value, r.unit, r.assay)
        ),
        dated[0],
    )
    if _agrees(point, row) is None:
        return NotInRows(wording.sentence(f"the cited row does not decide how {name} reads."))
    if point.value and row.value is not None and not quantities.same(point.value, row.value, row.unit, row.assay):
        if quantities.same(point.value, row.value, row.unit, row.assay) is None:
            return NotInRows(
                wording.sentence(f"the unit of {name} in the claim is not one that the row's can be compared with.")
            )
        return Refuted(
            row.ref, "value", row.shown(), wording.sentence(f"{name} was {row.shown()} on {wording.day(row.start)}.")
        )
    read_as = {"high": "above its range", "low": "below its range", "normal": "within its range"}.get(
        reading(row) or "", "abnormal"
    )
    return Refuted(
        row.ref,
        "interpretation",
        reading(row) or "",
        wording.sentence(f"{name} was {row.shown()} on {wording.day(row.start)}, {read_as}."),
    )


def _paired(statement: Measured, dated: list[Cited], mine: list[Cited]) -> Judged:
    """A systolic and a diastolic value of one moment."""
    point = statement.point
    assert point.pair
    by_day: dict[date | None, dict[str, list[Cited]]] = {}
    for row in dated:
        by_day.setdefault(row.start, {}).setdefault(row.assay or "", []).append(row)
    whole = [pair for pair in by_day.values() if "systolic" in pair and "diastolic" in pair]
    if not whole:
        return (
            NotInRows("No cited rows hold both parts of that blood pressure.")
            if not dated
            else NotInRows("The cited rows hold one part of the blood pressure only.")
        )
    for pair in whole:
        for top in pair["systolic"]:
            for low in pair["diastolic"]:
                if _pair_agrees(point, top, low):
                    return Proved(top.ref, "value", f"{top.shown()} and {low.shown()}")
    top, low = whole[0]["systolic"][0], whole[0]["diastolic"][0]
    return Refuted(
        top.ref,
        "value",
        top.shown(),
        f"Blood pressure was {top.value:g}/{low.value:g} mmHg on {wording.day(top.start)}.",
    )


def _pair_agrees(point: Point, top: Cited, low: Cited) -> bool:
    assert point.pair
    unit = point.pair[1].unit
    values = all(
        row.value is not None and quantities.same(said._replace(unit=unit), row.value, row.unit)
        for said, row in zip(point.pair, (top, low), strict=True)
    )
    if not values or not point.reading:
        return values
    answers = [reads(row, point.reading, point.degree) for row in (top, low)]
    return all(answers) if point.reading in ("normal", "not high", "not low") else any(answers) and None not in answers


def _panel(point: Point, dated: list[Cited], mine: list[Cited]) -> Judged:
    """How a panel reads: normal if all of it does, otherwise as some of it does."""
    if not point.reading:
        return (
            Proved(dated[0].ref, "observed_at", wording.day(dated[0].start))
            if dated
            else NotInRows("No cited row is of that day.")
        )
    answers = [reads(row, point.reading, point.degree) for row in dated]
    if dated and (
        all(answers) if point.reading in ("normal", "not high", "not low") else any(answers) and None not in answers
    ):
        return Proved(dated[0].ref, "interpretation", reading(dated[0]) or "")
    wrong = next((row for row, answer in zip(dated, answers, strict=True) if answer is False), None)
    if wrong is None or point.reading not in ("normal", "high", "low"):
        return NotInRows("The cited rows do not decide how that reads.")
    return Refuted(
        wrong.ref,
        "interpretation",
        wrong.shown(),
        wording.sentence(f"{wording.name(wrong)} was {wrong.shown()} on {wording.day(wrong.start)}."),
    )


def always(statement: Always, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """All results read like this: those of the statement's points, or all cited ones."""
    mine = rows_of(statement, rows)
    chosen = [row for row in mine if any(_is_point(p, row) for p in statement.points)] or mine
    if statement.when and not any(within(statement.when, row.start) for row in chosen):
        return NotInRows("No cited row is of the day that is counted from.")
    if statement.when and statement.points and any(row.start and row.start < statement.when[0].first for row in chosen):
        return NotInRows("A value that the claim gives is older than it says.")
    if statement.when:
        chosen = [row for row in chosen if row.start and any(row.start >= d.first for d in statement.when)]
    if not chosen:
        return NotInRows(f"No cited row holds {statement.subject.words}.")
    if statement.last:
        chosen = sorted(chosen, key=lambda row: row.start or date.min)[-statement.last :]
    if statement.value:
        return _all_equal(statement, chosen)
    answers = [reads(row, statement.reading or "", statement.degree) for row in chosen]
    if all(answers):
        return Proved(chosen[0].ref, "interpretation", reading(chosen[0]) or "")
    wrong = next((row for row, answer in zip(chosen, answers, strict=True) if answer is False), None)
    if wrong is None:
        return NotInRows("A cited row has no range, so nothing says how it reads.")
    return Refuted(
        wrong.ref,
        "interpretation",
        reading(wrong) or "",
        wording.sentence(f"{wording.name(wrong)} was {wrong.shown()} on {wording.day(wrong.start)}, {reading(wrong)}."),
    )


def _all_equal(statement: Always, chosen: list[Cited]) -> Judged:
    assert statement.value
    wrong = next(
        (
            row
            for row in chosen
            if row.value is None or not quantities.same(statement.value, row.value, row.unit, row.assay)
        ),
        None,
    )
    if wrong is None:
        return Proved(chosen[0].ref, "value", chosen[0].shown())
    return Refuted(
        wrong.ref,
        "value",
        wrong.shown(),
        wording.sentence(f"{wording.name(wrong)} was {wrong.shown()} on {wording.day(wrong.start)}."),
    )


def _is_point(point: Point, row: Cited) -> bool:
    if not (point.value or point.pair or point.when):
        return False
    if point.pair:
        said = point.pair[0] if row.assay == "systolic" else point.pair[1]
        return (
            row.value is not None
            and bool(quantities.same(said._replace(unit=None), row.value, row.unit))
            and within(point.when, row.start)
        )
    return within(point.when, row.start) and (
        not point.value
        or (row.value is not None and bool(quantities.same(point.value, row.value, row.unit, row.assay)))
    )


def trend(statement: Trend, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """A direction, by the rows in the order of their days."""
    mine = sorted(
        (row for row in rows_of(statement, rows) if row.start and row.value is not None),
        key=lambda r: (r.start, str(r.fields.get("observed_at"))),
    )
    if not mine:
        return NotInRows(f"No cited row holds {statement.subject.words}.")
    series: dict[str | None, list[Cited]] = {}
    for row in mine:
        series.setdefault(row.assay or wording.name(row), []).append(row)
    answers = [_one_trend(statement, found) for found in series.values()]
    return next(
        (a for a in answers if isinstance(a, Refuted)),
        next((a for a in answers if isinstance(a, NotInRows)), answers[0]),
    )


def _one_trend(statement: Trend, mine: list[Cited]) -> Judged:
    chosen = _chosen(statement, mine)
    if chosen is None:
        return NotInRows("The cited rows do not hold both ends of that change.")
    if statement.first and not any(within(statement.first, row.start) for row in mine):
        return NotInRows("No cited row is of the day the change is counted from.")
    if statement.last and not any(within(statement.last, row.start) for row in mine):
        return NotInRows("No cited row is of the day the change is counted to.")
    first, last = chosen[0], chosen[-1]
    if first is last or first.start is None or last.start is None:
        return NotInRows("A change needs two results; one is cited.")
    if statement.length and statement.length.sign == "running":
        years = {row.start.year for row in chosen if row.start}
        if len(years) != statement.length.value or max(years) - min(years) + 1 != len(years):
            return NotInRows("The cited results are not of that many years in a row.")
    elif statement.length and not quantities.lasts(statement.length, (last.start - first.start).days):
        return Refuted(
            last.ref,
            "observed_at",
            wording.day(last.start),
            f"The results are {(last.start - first.start).days} days apart.",
        )
    if statement.delta and not _changed_by(statement, first, last):
        return Refuted(
            last.ref,
            "value",
            last.shown(),
            wording.sentence(f"{wording.name(last)} went from {first.shown()} to {last.shown()}."),
        )
    return _direction(statement, chosen)


def _chosen(statement: Trend, mine: list[Cited]) -> list[Cited] | None:
    """The rows that the trend is about, in the order of their days; None if a point has none, or their order is another."""
    points = [p for p in statement.points if p.value or p.pair or p.when]
    if statement.first and statement.last:
        ends = [
            row
            for row in mine
            if any(f.first <= (row.start or f.first) for f in statement.first)
            and any((row.start or d.last) <= d.last for d in statement.last)
        ]
        points = points if len(points) > 1 else []
        mine = ends or mine
    if not points:
        return mine
    found = [next((row for row in mine if _is_point(p, row)), None) for p in points]
    if None in found:
        return None
    known = [row for row in found if row is not None]
    if len(known) == 1 and statement.direction in ("flat", "same") and points[0].value and not points[0].when:
        return mine
    if len(known) == 1:
        since = [row for row in mine if within(statement.first, row.start)] if statement.first else mine
        if points[0].origin == "from":
            return [known[0], mine[-1]]
        return [since[0], known[0]] if since and since[0] is not known[0] else None
    if (points[-1].origin == "from" and points[0].origin != "from") or (
        points[0].origin != "from" and statement.direction != "over" and not _in_order(known)
    ):
        known.reverse()
    return known if _in_order(known) else None


def _in_order(rows: list[Cited]) -> bool:
    return all(
        a.start is not None and b.start is not None and a.start <= b.start for a, b in zip(rows, rows[1:], strict=False)
    )


def _changed_by(statement: Trend, first: Cited, last: Cited) -> bool:
    assert statement.delta and first.value is not None and last.value is not None
    change = abs(last.value - first.value)
    if statement.delta.unit and statement.delta.unit.kind == "percent" and first.unit and first.unit.kind != "percent":
        change = 100 * change / abs(first.value) if first.value else 0.0
        return abs(change - statement.delta.value) <= 0.5 + statement.delta.step
    slack = max(statement.delta.step, 0.05 * abs(statement.delta.value) if statement.delta.sign == "~" else 0)
    said = statement.delta._replace(sign="", step=slack)
    return bool(quantities.same(said, change, first.unit, first.assay))


def _direction(statement: Trend, chosen: list[Cited]) -> Judged:
    first, last = chosen[0], chosen[-1]
    assert first.value is not None and last.value is not None
    said = statement.direction
    negated, said = said.startswith("not "), said.removeprefix("not ")
    if negated and said not in ("up", "down", "flat", "same"):
        return NotInRows("A change that did not happen is not read.")
    assay = ASSAYS.get(last.assay or "")
    change = (last.value - first.value) / abs(first.value) if first.value else last.value - first.value
    steady = min(0.01, assay.steady if assay else 0.01) if said == "same" else assay.steady if assay else 0.03
    flat, said = abs(change) <= steady, "flat" if said == "same" else said
    if statement.subject.key in ("renal function", "liver function") and said in ("up", "down"):
        said = "better" if said == "up" else "worse"
    if said in ("better", "worse"):
        if not (assay and assay.worse):
            return _by_range(said, first, last)
        said = assay.worse if said == "worse" else {"up": "down", "down": "up"}[assay.worse]
    if statement.steadily and not _monotone(chosen, said):
        return NotInRows("The results between do not all go that way.")
    if said in ("doubled", "halved"):
        ratio = last.value / first.value if first.value else 0
        true = 1.85 <= ratio <= 2.15 if said == "doubled" else 0.46 <= ratio <= 0.54
        reason = f"{wording.name(last)} went from {first.shown()} to {last.shown()}."
        return (
            Proved(last.ref, "value", last.shown())
            if true
            else Refuted(last.ref, "value", last.shown(), wording.sentence(reason))
        )
    true = {"up": change > 0, "down": change < 0, "flat": flat, "over": True}[said]
    if statement.degree and not negated:
        agrees = _degree_of_change(statement.degree, abs(change))
        if not agrees:
            return NotInRows("How large that change is, is a judgement.")
    if true != negated and not (said == "flat" and len(chosen) > 2 and not _all_flat(chosen, steady)):
        return Proved(last.ref, "value", f"{first.shown()} then {last.shown()}")
    reason = f"{wording.name(last)} went from {first.shown()} on {wording.day(first.start)} to {last.shown()} on {wording.day(last.start)}."
    return Refuted(last.ref, "value", last.shown(), wording.sentence(reason))


def _degree_of_change(degree: str, change: float) -> bool:
    return change <= SLIGHT_MAX if degree == "slight" else change >= MARKED_MIN if degree == "marked" else False


def _by_range(said: str, first: Cited, last: Cited) -> Judged:
    """Better is into the range, worse out of it, where a test has no direction of its own."""
    normal = (reading(first) == "normal", reading(last) == "normal")
    if normal == ((False, True) if said == "better" else (True, False)) and reading(first) and reading(last):
        return Proved(last.ref, "interpretation", reading(last) or "")
    return NotInRows("Whether that change is for the better is a judgement.")


def _monotone(chosen: list[Cited], said: str) -> bool:
    steps = [(b.value or 0) - (a.value or 0) for a, b in zip(chosen, chosen[1:], strict=False)]
    return (
        all(step > 0 for step in steps) if said == "up" else all(step < 0 for step in steps) if said == "down" else True
    )


def _all_flat(chosen: list[Cited], steady: float) -> bool:
    values = [row.value for row in chosen if row.value is not None]
    return max(values) - min(values) <= steady * abs(values[0])


def ranged(statement: Ranged, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """The limits of a range, as written."""
    for row in rows_of(statement, rows):
        low, high = row.fields.get("ref_low"), row.fields.get("ref_high")
        pairs = [(statement.low, low), (statement.high, high)]
        if statement.low is None and high is None and low is not None:
            pairs = [(statement.high, low)]
        if all(
            q is None or (v is not None and quantities.same(q._replace(sign=""), float(v), row.unit, row.assay))
            for q, v in pairs
        ):
            return Proved(row.ref, "ref_high", str(high))
        if (
            statement.low is None
            and low is not None
            and statement.high
            and quantities.same(statement.high._replace(sign=""), float(low), row.unit, row.assay)
        ):
            return Proved(row.ref, "ref_low", str(low))
    mine = rows_of(statement, rows)
    if not mine:
        return NotInRows("No cited row holds that range.")
    return Refuted(
        mine[0].ref,
        "ref_high",
        str(mine[0].fields.get("ref_high")),
        wording.sentence(f"the range of {wording.name(mine[0])} is another."),
    )
