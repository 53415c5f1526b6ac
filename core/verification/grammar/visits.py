"""Frames about visits: the days they took place, what for, which of them, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.grammar.chunks import MARK, NAME, SPAN, VALUE, WHEN, Chunk
from core.verification.grammar.frames import Frame, take_prep
from core.verification.grammar.names import Name
from core.verification.grammar.times import IMPOSSIBLE, hull
from core.verification.grammar.times import of_year as _of_year
from core.verification.statements import Counted, Subject, Took, When

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

PREPS_OF = {
    WHEN: frozenset({"on", "in", "at", "by", "from", "since"}), SPAN: frozenset({"from", "between", "in"}),
    NAME: frozenset({"for", "with"}), VALUE: frozenset({"for", "over"}),
}  # fmt: skip
_CONSUMED = frozenset({"start", "noun", "which", "have", "in a row", "yearly"})


def read(frame: Frame, context: Context) -> None:
    if any("neg" in c.means and not c.used for c in frame.items):
        return
    reasons = [c for c in frame.items if c.kind == NAME and not c.used]
    bearers = _bearers(frame, context)
    whens: list[When] = []
    span: tuple[When, When] | None = None
    count = which = length = None
    every = False
    stop: When = ()
    for place, item in enumerate(frame.items):
        if item.used or item.kind == MARK:
            continue
        if item.kind == WHEN and _until(frame.items, place):
            stop = item.days
        elif item.kind == WHEN:
            whens.append(item.days)
        elif item.kind == SPAN:
            span = (item.first, item.days)
        elif item.kind == VALUE and item.quantity and item.quantity.unit is None:
            count = round(item.quantity.value)
        elif (
            item.kind == VALUE
            and item.quantity
            and item.quantity.unit
            and item.quantity.unit.kind == "time"
            and _lasts(frame.items, place)
        ):
            length = item.quantity
        elif "which" in item.means:
            which = item.means["which"]
        elif "all" in item.means:
            every = True
            count = int(item.means["count"]) if "count" in item.means else count
        elif item.kind == NAME or not _CONSUMED.isdisjoint(item.means):
            pass
        else:
            continue
        item.used = True
        take_prep(frame.items, place, PREPS_OF.get(item.kind, frozenset()))
    yearly = any(c.get("all") for c in frame.items) and bool(span)
    if every and not yearly and not _every(frame, bearers, context):
        return
    for chunk in frame.names:
        chunk.used = True
        which = which or chunk.get("which")
    words = context.span([*frame.names, *[c for c in frame.items if c.used]])
    subject = Subject(context.written(frame.names[0]), "visit", tuple(bearers))
    reason = [Subject(context.written(c), "reason", c.name.bearers) for c in reasons if isinstance(c.name, Name)]
    if span and len(whens) == 1 and all(days.yearless for days in whens[0]):
        whens, span = _each_year(whens[0], span), None
    if span and every and not whens and _is_month(span[0]) and not _is_month(span[1]):
        whens, span = _each_year(span[0], span), None
    if stop:
        whens, span = whens[1:], ((whens or [()])[0], stop)
        take = [c for c in frame.items if c.get("prep") in ("until", "to")]
        for chunk in take:
            chunk.used = True
    _state(context, words, subject, reason, whens, span, count, which, length)


def _every(frame: Frame, bearers: list[tuple[int, int]], context: Context) -> bool:
    """Whether "all" or "both" visits are what the sentence calls them: no cited visit is left out."""
    return len(bearers) == sum(row.type == "visit" for row in context.rows)


def _until(items: list[Chunk], place: int) -> bool:
    at = place - 1
    while at >= 0 and items[at].get("free"):
        at -= 1
    return at >= 0 and items[at].get("prep") in ("until", "to")


def _is_month(when: When) -> bool:
    return bool(when) and 27 <= (when[0].last - when[0].first).days <= 31


def _each_year(month: When, span: tuple[When, When]) -> list[When]:
    """ "Every May from 2023 to 2026": a date in each of the years."""
    years = range(span[0][0].first.year, span[1][0].last.year + 1)
    return [tuple(_of_year(days, year) for days in month) for year in years] or [IMPOSSIBLE]


def _lasts(items: list[Chunk], place: int) -> bool:
    return any("lasting" in c.means for c in items[max(0, place - 3) : place])


def _bearers(frame: Frame, context: Context) -> list[tuple[int, int]]:
    """The cited visits that all names of the frame may mean."""
    found = [n for n, row in enumerate(context.rows) if row.type == "visit"]
    for chunk in frame.names:
        if chunk.name is not None:
            mine = {n for n, _ in chunk.name.bearers}
            found = [n for n in found if n in mine]
    return [(n, 0) for n in found]


def _state(context, words, subject, reasons, whens, span, count, which, length) -> None:  # type: ignore[no-untyped-def]
    reason = reasons[0] if reasons else None
    for other in reasons[1:]:
        context.statements.append(Took(words, subject, (), (), other, None, None))
    if count is not None:
        narrowed = (
            subject
            if reason is None
            else Subject(
                subject.words, "visit", tuple(b for b in subject.bearers if b[0] in {n for n, _ in reason.bearers})
            )
        )
        when = hull(*span) if span else whens[0] if len(whens) == 1 else ()
        context.statements.append(Counted(words, narrowed, count, when))
        if not whens or (len(whens) == 1 and not span):
            return
        span = None
    if span and whens:
        context.statements.append(Took(words, subject, *span, reason, which, length))
    for when in whens or [()]:
        first, stop = (when, ()) if when or not span else span
        context.statements.append(Took(words, subject, first, stop, reason, which, length))
