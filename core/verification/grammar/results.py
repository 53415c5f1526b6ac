"""Frames about test results: points of value, day and reading to statements about each test that the frame names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from core.verification.dates import When
from core.verification.grammar import result_answers, result_exclusion, result_subjects, result_up
from core.verification.grammar.chunk import Chunk, Quantity
from core.verification.grammar.frames import Frame
from core.verification.grammar.result_atoms import scanned
from core.verification.grammar.result_numbers import is_change_of_name
from core.verification.grammar.result_points import Points, assembled
from core.verification.grammar.result_scan import Scan
from core.verification.grammar.result_up import ORIGINS
from core.verification.grammar.times import hull
from core.verification.statements import (
    Always,
    Counted,
    Measured,
    Only,
    Point,
    Ranged,
    Statement,
    Subject,
    Trend,
    is_of_list,
)
from core.verification.vocabulary.spelling import word_set

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

FLAT = frozenset({"flat", "same"})
PLURAL = re.compile(r".*[A-Z0-9]s")
EVER = word_set("always never persistently consistently")


def read(frame: Frame, context: Context) -> None:
    answers = _names_in(frame, context)
    scan = scanned(frame, context)
    _trend_of_name(scan)
    result_up.settle(scan)
    points = assembled(scan.atoms)
    scan.alone = result_exclusion.settled(scan, points)
    if answers or result_answers.is_answer(frame, context):
        if answers or not result_answers.state_yes_or_no(scan):
            result_answers.state(scan, points, answers)
    elif not points.unread and _says_something(scan, points):
        _state(scan, points)


def _names_in(frame: Frame, context: Context) -> list[Chunk]:
    """The answers in a frame; other names in it are more of its own: "Pain severity - verbal numeric rating"."""
    answers = result_answers.answers_of(frame, context)
    for chunk in frame.items:
        if chunk.name is not None and chunk.name.bearers and chunk not in answers and "qualifier" not in chunk.means:
            mine = set(chunk.name.bearers)
            chunk.used = chunk.used or all(mine >= set(n.bearers) for n in frame.names)
    return answers


def _trend_of_name(scan: Scan) -> None:
    """ "Gained 4 kg": the name of the test is a change of it."""
    name = scan.frame.names[0] if scan.frame.names else None
    if name is None or not name.is_change_of_test:
        return
    if scan.trend is not None and scan.delta is not None and is_change_of_name(scan, scan.frame.lead - 1):
        scan.trend, scan.frame.vague = name.means["trend"], True  # "2.3 kg lighter since the dose went up"
    if scan.trend is None:
        scan.trend = name.means["trend"]
        at = next((n for n, atom in enumerate(scan.atoms) if atom.role == "value"), None)
        moved = any(atom.role == "break" and atom.said in ORIGINS for atom in scan.atoms[:at])
        if scan.delta is None and at is not None and not moved:
            scan.delta = scan.atoms.pop(at).said


def _says_something(scan: Scan, points: Points) -> bool:
    of_all = points.always or points.every_value or scan.last_few or scan.trend
    return bool(of_all or points.found or scan.alone or scan.count or scan.limits or scan.bounds or points.last)


def _state(scan: Scan, points: Points) -> None:
    frame, context = scan.frame, scan.context
    used = [*frame.names, *[c for c in frame.items if c.used]]
    said = Said(scan, points, context.span(used or frame.items))
    for chunk in frame.names:
        chunk.used = True
    tests = result_subjects.tests_of(frame, context)
    found = _without_named_by_unit(scan, points, tests, said.span)
    for subject, own in result_subjects.shared(tests, found, points):
        stated = said.statements(subject, tuple(own))
        context.statements += [_on_day(s, frame.day) for s in stated] if frame.day else stated


def _without_named_by_unit(scan: Scan, points: Points, tests: list[Subject], span: tuple[int, int]) -> list[Point]:
    """The points of a frame but those of another test, that their unit names; those are stated."""
    found = [point for piece in points.found if not piece.empty for point in piece.points()]
    rows = [scan.context.rows[n] for test in tests for n, _ in test.bearers]
    by_unit = result_subjects.of_units(found, {row.unit.kind for row in rows if row.unit}, scan.context)
    scan.context.statements += [Measured(span, subject, point) for subject, point in by_unit]
    return [point for point in found if all(point is not other for _, other in by_unit)]


def _on_day(statement: Statement, day: When) -> Statement:
    """A result without a day of its own, beside others that share one."""
    if isinstance(statement, Measured) and not (statement.point.when or statement.point.which == "earlier"):
        return replace(statement, point=replace(statement.point, when=day), open=True)
    return statement


def _told_of_all(own: tuple[Point, ...], since: When) -> list[Point]:
    return [p for p in own if _only_reads(p) or (since and p.reading and not p.which)]


class Said:
    """What a frame says of each test that it names."""

    def __init__(self, scan: Scan, points: Points, span: tuple[int, int]) -> None:
        self.scan, self.points, self.span = scan, points, span

    def statements(self, subject: Subject, own: tuple[Point, ...]) -> list[Statement]:
        scan, found = self.scan, list[Statement]()
        found += [Measured(self.span, subject, point) for point in own]
        found += [replace(always, ever=self._is_ever()) for always in self._always(subject, own)]
        found += self._change(subject, own)
        if self._is_list(own):
            found.append(
                Trend(self.span, subject, "in turn" if self.scan.trend in result_up.READ_AS else "listed", own)
            )
        if self.points.first and not self.points.last and found and all(isinstance(s, Measured) for s in found):
            found.append(Trend(self.span, subject, "unread", own))  # "83 on 15 August 2024, since 2001"
        if scan.count and not (scan.latest and self.points.always):
            found.append(self._counted(subject, round(scan.count.value)))
        return [*found, *self._of_series(subject, own)]

    def _is_list(self, own: tuple[Point, ...]) -> bool:
        """Whether several values of one test are told, and the days of some are not."""
        told = list(filter(is_of_list, own))
        units = {point.value.unit for point in told if point.value} - {None}
        undated = any(not point.when for point in told)
        return len(told) > 1 >= len(units) and undated and len({row.assay for row in self.scan.rows()}) == 1

    def _counted(self, subject: Subject, number: int) -> Counted:
        """How many results there are; so many changes need one result more."""
        more = self._is_of_last_changes()
        return Counted(self.span, subject, number + more, self._counted_over(), latest=self.scan.latest, open=more)

    def _is_of_last_changes(self) -> bool:
        """ "Improved at each of the last two checks"."""
        return bool(self.scan.trend and self.scan.latest and self.points.every and not self.points.always)

    def _of_series(self, subject: Subject, own: tuple[Point, ...]) -> Iterator[Statement]:
        """What is said of some results alone, and of the range of all."""
        if self.scan.alone:
            reading, degree, value, number = self.scan.alone
            yield Only(self.span, subject, reading, degree, value, own, number)
        if self.scan.limits:
            yield Ranged(self.span, subject, *self.scan.limits, upper=self.scan.upper_limit)

    def _is_ever(self) -> bool:
        """ "Always", "never": of what is not cited, too."""
        words = self.scan.context.words
        return any(words[n].norm in EVER for c in self.scan.frame.items if c.used for n in range(c.start, c.end))

    def _always(self, subject: Subject, own: tuple[Point, ...]) -> Iterator[Always]:
        """What is said of all results, or of all since a day."""
        yield from self._readings_of_all(subject, own)
        values = [self.points.every_value or self._steady_value(own), *self.scan.bounds]
        for value in filter(None, values):
            yield Always(self.span, subject, None, None, (), self.points.first, value)
        if few := self.scan.last_few:
            yield Always(self.span, subject, few[1], None, (), last=few[0])

    def _readings_of_all(self, subject: Subject, own: tuple[Point, ...]) -> Iterator[Always]:
        """ "Normal since May"; "high on three visits" is high each time."""
        points, scan = self.points, self.scan
        since = () if points.last else points.first
        counted = scan.times or (scan.count is not None and scan.count.value > 1)
        if points.always:
            others = tuple(point for point in own if not point.reading) or own
            others = tuple(point for point in others if point.which != "latest")  # "each time, most recently 3.26"
            last = round(scan.count.value) if scan.latest and scan.count else None
            of_more = scan.count is not None and scan.count.value > len(others)
            told = () if points.after or of_more else others
            of_some = len(told) > 2 and any(chunk.get("all") == "both" for chunk in scan.frame.items)
            yield Always(self.span, subject, *points.always, told, points.after or since, last=last, open=of_some)
        elif self._is_plural(subject) and len(read := {(p.reading, p.degree) for p in own if p.reading}) == 1:
            yield Always(self.span, subject, *read.pop(), (), since, open=True)
        elif counted or since:
            for point in _told_of_all(own, since):
                yield Always(self.span, subject, point.reading, point.degree, (), () if counted else since)

    def _is_plural(self, subject: Subject) -> bool:
        """ "INRs in range", of one test: all of them."""
        rows = [self.scan.context.rows[n] for n, _ in subject.bearers]
        return bool(PLURAL.fullmatch(subject.words)) and len({row.assay for row in rows}) == 1

    def _steady_value(self, own: tuple[Point, ...]) -> Quantity | None:
        """ "Static at 96.8 kg"."""
        running = self.scan.length is not None and self.scan.length.sign == "running" and self.scan.trend is None
        return own[0].value if (self.scan.trend in FLAT or running) and len(own) == 1 else None

    def _change(self, subject: Subject, own: tuple[Point, ...]) -> list[Statement]:
        """A trend; or only that the points came in that order, over that time."""
        scan, points = self.scan, self.points
        if not (scan.trend or self._is_over_time() or self._is_in_order(own) or self._is_since(own)):
            return []
        turns = _turns_of(points.turns, len(own))
        if len(turns) > 1 or _is_late(turns, own):
            return self._turns(subject, own, turns)
        stays = scan.trend in FLAT or (scan.trend is None and points.always is not None)
        direction = "ranged" if stays and not scan.ordered and _is_band(own) else scan.trend or "over"
        own = () if self._is_of_last_changes() else own
        trend = Trend(self.span, subject, direction, own, first=points.first, last=points.last)
        return [replace(trend, delta=scan.delta, degree=scan.degree, length=scan.length, steadily=self._is_steady())]

    def _is_steady(self) -> bool:
        return self.scan.steadily or bool(self.scan.trend and self.points.every and not self.points.always)

    def _is_over_time(self) -> bool:
        once = self.scan.count is not None and self.scan.count.value == 1
        return bool(self.scan.length or self.scan.steadily or (self.points.last and not once))

    def _is_in_order(self, own: tuple[Point, ...]) -> bool:
        """Whether values stand behind "from" or "to"; earlier ones alone, or each beside its day, tell no order."""
        told = [p.origin for p in own if p.origin in ORIGINS and (p.value or p.pair)]
        loose = self.scan.compared and all(p.when for p in own)
        return self.scan.ordered or (len(own) > 1 and bool(told) and told != ["from"] * len(own) and not loose)

    def _is_since(self, own: tuple[Point, ...]) -> bool:
        return bool(self.points.first) and not (own or self.scan.count or self.points.always)

    def _turns(self, subject: Subject, own: tuple[Point, ...], changes: list[tuple[str, int]]) -> list[Statement]:
        """ "Fell from 62 to 4 but was up again at 27": each change from the point before it, an amount of the last."""
        ends = [start for _, start in changes[1:]] + [len(own)]
        turns = [(direction, start, own[start:end]) for (direction, start), end in zip(changes, ends, strict=True)]
        if self.scan.length or self.scan.degree or self._is_steady() or not all(mine for _, _, mine in turns):
            return [Trend(self.span, subject, "unread", own)]
        found = [
            Trend(self.span, subject, said, (*_point_before(own, at, mine), *mine), open=True)
            for said, at, mine in turns
        ]
        over = Trend(self.span, subject, "over", own, first=self.points.first, last=self.points.last)
        return [*found[:-1], replace(found[-1], delta=self.scan.delta), *([over] if self.points.first else [])]

    def _counted_over(self) -> When:
        """The time that results are counted over: from one day to another, or since one."""
        if self.points.last:
            return hull(self.points.first, self.points.last)
        return tuple(days._replace(last=date.max, yearless=False) for days in self.points.first)


def _point_before(own: tuple[Point, ...], start: int, mine: tuple[Point, ...]) -> tuple[Point, ...]:
    """The point that a change begins at: the one before it, or that of the sentence where "from" leads.

    "3.0, up from 1.0, and had come down to 1.3": down from 3.0, for the 1.0 came before it.
    """
    if not start:
        return ()
    later = [point for point in own[:start] if point.origin != "from"]
    return (own[0] if mine[0].origin == "from" else replace((later or own[:start])[-1], origin="from"),)


def _turns_of(turns: list[tuple[str, int]], points: int) -> list[tuple[str, int]]:
    """Each change with the place of its first point; "has fallen, down from 7.9" is one, as is "rose, a rise of 2"."""
    while len(turns) > 1 and turns[-1] == (turns[-2][0], points):
        turns = turns[:-1]
    pairs = itertools.zip_longest(turns, turns[1:])
    return [this for this, following in pairs if this is not None and this != following]


def _only_reads(point: Point) -> bool:
    return bool(point.reading) and not (point.value or point.pair or point.when or point.which)


def _is_band(own: tuple[Point, ...]) -> bool:
    """ "Stayed at 6.2 to 6.3 %": between the lowest and the highest, in whatever order."""
    bare = all(point.value and not point.when and not point.which for point in own)
    return len(own) == 2 and bare and own[0].origin not in ORIGINS and own[1].origin == "to"


def _is_late(turns: list[tuple[str, int]], own: tuple[Point, ...]) -> bool:
    """Whether a change is named only behind others that are not: "from 7 to 2 and up again to 5"."""
    return bool(turns) and 1 < turns[0][1] < len(own) and own[turns[0][1]].origin != "from"
