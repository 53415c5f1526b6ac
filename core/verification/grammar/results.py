"""Frames about test results: points of value, day and reading to statements about each test that the frame names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from core.verification.grammar import result_answers
from core.verification.grammar.chunks import Chunk
from core.verification.grammar.frames import Frame
from core.verification.grammar.names import NO_NAME
from core.verification.grammar.result_atoms import Atom, Scan, scanned
from core.verification.grammar.result_points import Points, assembled
from core.verification.grammar.times import hull
from core.verification.statements import Always, Counted, Measured, Point, Ranged, Statement, Subject, Trend, When
from core.verification.vocabulary import PANELS

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

FLAT = frozenset({"flat", "same"})
READ_AS = {"up": "high", "down": "low"}
ORIGINS = frozenset({"from", "to"})


def read(frame: Frame, context: Context) -> None:
    answers = _names_in(frame)
    scan = scanned(frame, context)
    _trend_of_name(scan)
    _up_is_high(scan)
    points = assembled(scan.atoms)
    if answers or result_answers.is_answer(frame, context):
        if answers or not result_answers.state_yes_or_no(scan):
            result_answers.state(scan, points, answers)
    elif not points.unread and _says_something(scan, points):
        _state(scan, points)


def _names_in(frame: Frame) -> list[Chunk]:
    """The answers in a frame; other names in it are more of its own: "Pain severity - verbal numeric rating"."""
    answers = result_answers.answers_of(frame)
    for chunk in frame.items:
        if chunk.name is not None and chunk.name.bearers and chunk not in answers:
            mine = set(chunk.name.bearers)
            chunk.used = chunk.used or all(mine >= set((n.name or NO_NAME).bearers) for n in frame.names)
    return answers


def _trend_of_name(scan: Scan) -> None:
    """ "Gained 4 kg": the name of the test is a change of it."""
    name = scan.frame.names[0] if scan.frame.names else None
    if name is not None and "of test" in name.means and "trend" in name.means and scan.trend is None:
        scan.trend = name.means["trend"]
        value = next((atom for atom in scan.atoms if atom.role == "value"), None)
        if scan.delta is None and value is not None:
            scan.delta = value.said
            scan.atoms.remove(value)


def _up_is_high(scan: Scan) -> None:
    """ "Systolic up, diastolic normal": of one result "up" is how it reads."""
    rows = {n for name in scan.frame.names for n, _ in (name.name or NO_NAME).bearers}
    bare = [c for c in scan.frame.items if c.get("trend") in READ_AS and c.end - c.start == 1]
    bare = [c for c in bare if scan.context.words[c.start].norm in ("up", "down")]
    moved = any(atom.said in ("from", "to") for atom in scan.atoms if atom.role == "break")
    if len(bare) != 1 or len(scan.turns) != 1 or len(rows) != 1 or moved or scan.delta or scan.length:
        return
    at = next(n for n, atom in enumerate(scan.atoms) if atom.role == "turn")
    scan.atoms[at - 1 : at + 1] = [Atom("read", READ_AS[bare[0].means["trend"]], scan.degree)]
    scan.trend, scan.turns, scan.degree = None, [], None


def _says_something(scan: Scan, points: Points) -> bool:
    of_all = points.always or points.every_value or scan.last_few or scan.trend
    return bool(of_all or points.found or scan.count or scan.limits or points.last)


def subjects(frame: Frame, context: Context) -> list[Subject]:
    return [_subject(name, context) for name in frame.names if name.name or {"read of", "of test"} & name.means.keys()]


def _subject(name: Chunk, context: Context) -> Subject:
    key = name.get("of test") or (name.get("read of") or "").partition("@")[2]
    if not key:
        return Subject(context.written(name), "observation", (name.name or NO_NAME).bearers, name.get("assay"))
    head = f"assay:{key}"
    bearers = tuple((n, 0) for n, row in enumerate(context.rows) if head in row.name.heads)
    return Subject(context.written(name), "observation", bearers, key)


def _state(scan: Scan, points: Points) -> None:
    frame, context = scan.frame, scan.context
    named = _without_readings(subjects(frame, context), frame)
    found = [point for piece in points.found if not piece.empty for point in piece.points()]
    span = context.span([*frame.names, *[c for c in frame.items if c.used]] or frame.items)
    for chunk in frame.names:
        chunk.used = True
    for subject, own in _shared(named, found):
        stated = _statements(scan, points, subject, own, span)
        context.statements += [_on_day(s, frame.day) for s in stated] if frame.day else stated


def _on_day(statement: Statement, day: When) -> Statement:
    """A result without a day of its own, beside others that share one."""
    if isinstance(statement, Measured) and not statement.point.when:
        return replace(statement, point=replace(statement.point, when=day), open=True)
    return statement


def _without_readings(named: list[Subject], frame: Frame) -> list[Subject]:
    """ "Hypokalaemia, K+ 3.2": a word that reads a test and names it stands for the test that is named beside it."""
    keys = {s.key for s, name in zip(named, frame.names, strict=True) if "read of" not in name.means}
    pairs = zip(named, frame.names, strict=True)
    kept = [s for s, name in pairs if "read of" not in name.means or s.key not in keys]
    kept = [s for s in kept if keys.isdisjoint(PANELS.get(s.key or "", ()))]
    return list({s.bearers: s for s in kept}.values()) if len(kept) > 1 and not keys else kept


def _shared(named: list[Subject], points: list[Point]) -> list[tuple[Subject, list[Point]]]:
    """Which points are whose: "sodium and potassium were 141 and 4.2" gives each its own."""
    valued = [p for p in points if p.value or p.pair]
    if len(named) < 2 or not valued:
        return [(subject, points) for subject in named]
    if len(named) == 2 and len(points) == 1 and points[0].pair:
        return [(s, [replace(points[0], value=q, pair=None)]) for s, q in zip(named, points[0].pair, strict=True)]
    if len(valued) == len(points) and len(points) % len(named) == 0:
        return [(subject, points[n :: len(named)]) for n, subject in enumerate(named)]
    return [(named[-1], points), *((subject, [Point(which="unread")]) for subject in named[:-1])]


def _statements(
    scan: Scan, points: Points, subject: Subject, own: list[Point], span: tuple[int, int]
) -> list[Statement]:
    found: list[Statement] = [Measured(span, subject, point) for point in own]
    found += _of_all(scan, points, subject, own, span)
    found += _of_change(scan, points, subject, tuple(own), span)
    if scan.count:
        found.append(Counted(span, subject, round(scan.count.value), _counted_over(points)))
    if scan.limits:
        found.append(Ranged(span, subject, *scan.limits))
    return found


def _of_all(scan: Scan, points: Points, subject: Subject, own: list[Point], span: tuple[int, int]) -> list[Statement]:
    found: list[Statement] = []
    if points.always:
        since = points.after or (points.first if not points.last else ())
        of = () if points.after else tuple(own)
        found.append(Always(span, subject, *points.always, of, since))
    elif points.first and not points.last:
        bare = [p for p in own if p.reading and not (p.value or p.pair or p.when or p.which)]
        found += [Always(span, subject, p.reading, p.degree, (), points.first) for p in bare]
    stays = scan.trend in FLAT and len(own) == 1
    value = points.every_value or (own[0].value if stays else None)
    if value:
        found.append(Always(span, subject, None, None, (), points.first, value))
    if scan.last_few:
        found.append(Always(span, subject, scan.last_few[1], None, (), last=scan.last_few[0]))
    return found


def _of_change(
    scan: Scan, points: Points, subject: Subject, own: tuple[Point, ...], span: tuple[int, int]
) -> list[Statement]:
    """A trend; or only that the points came in that order, over that time."""
    once = scan.count is not None and scan.count.value == 1
    ordered = scan.ordered or (len(own) > 1 and any(p.origin in ORIGINS and (p.value or p.pair) for p in own))
    over = scan.length or scan.steadily or (points.last and not once)
    since = points.first and not own and not scan.count and not points.always
    if not (scan.trend or over or ordered or since):
        return []
    steadily = scan.steadily or bool(scan.trend and points.every and not points.always)
    if len(set(scan.turns)) > 1 or (points.turns and _is_late(points.turns[0][1], own)):
        return _turns(points, subject, own, span)
    trend = Trend(span, subject, scan.trend or "over", own, first=points.first, last=points.last)
    return [replace(trend, delta=scan.delta, degree=scan.degree, length=scan.length, steadily=steadily)]


def _is_late(start: int, own: tuple[Point, ...]) -> bool:
    """Whether a change is named only behind others that are not: "from 7 to 2 and up again to 5"."""
    return 1 < start < len(own) and own[start].origin != "from"


def _turns(points: Points, subject: Subject, own: tuple[Point, ...], span: tuple[int, int]) -> list[Statement]:
    """ "Fell from 62 to 4 but was up again at 27": each change from the point before it."""
    found: list[Statement] = []
    ends = [start for _, start in points.turns[1:]] + [len(own)]
    for (direction, start), end in zip(points.turns, ends, strict=True):
        mine = own[start:end]
        if start and mine:
            mine = (own[0] if mine[0].origin == "from" else own[start - 1], *mine)
        if not mine:
            return [Trend(span, subject, "unread", own)]
        found.append(Trend(span, subject, direction, mine))
    return found


def _counted_over(points: Points) -> When:
    """The time that results are counted over: from one day to another, or since one."""
    if points.last:
        return hull(points.first, points.last)
    return tuple(days._replace(last=date.max, yearless=False) for days in points.first)
