"""Frames about visits: the days they took place, what for, which of them, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.grammar.chunks import MARK, NAME, SPAN, VALUE, WHEN, Chunk
from core.verification.grammar.frames import Frame
from core.verification.grammar.names import Name
from core.verification.statements import Counted, Subject, Took, When

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

_CONSUMED = frozenset({"start", "noun", "which", "all", "have", "in a row", "yearly", "status"})


def read(frame: Frame, context: Context) -> None:
    reasons = [c for c in frame.items if c.kind == NAME and not c.used]
    bearers = _bearers(frame, context)
    whens: list[When] = []
    span: tuple[When, When] | None = None
    count = which = length = None
    negated = False
    for place, item in enumerate(frame.items):
        if item.used or item.kind == MARK:
            continue
        if item.kind == WHEN:
            whens.append(item.days)
        elif item.kind == SPAN:
            span = (item.first, item.days)
        elif item.kind == VALUE and item.quantity and item.quantity.unit is None:
            count = round(item.quantity.value)
        elif item.kind == VALUE and item.quantity and item.quantity.unit and item.quantity.unit.kind == "time" and _lasts(frame.items, place):
            length = item.quantity
        elif "which" in item.means:
            which = item.means["which"]
        elif "neg" in item.means:
            negated = True
        elif item.kind == NAME or not _CONSUMED.isdisjoint(item.means):
            pass
        else:
            continue
        item.used = True
    if negated:
        return
    for chunk in frame.names:
        chunk.used = True
    words = context.span([*frame.names, *[c for c in frame.items if c.used]])
    subject = Subject(context.written(frame.names[0]), "visit", tuple(bearers))
    reason = [Subject(context.written(c), "reason", c.name.bearers) for c in reasons if isinstance(c.name, Name)]
    _state(context, words, subject, reason, whens, span, count, which, length)


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
        narrowed = subject if reason is None else Subject(
            subject.words, "visit", tuple(b for b in subject.bearers if b[0] in {n for n, _ in reason.bearers})
        )
        when = tuple(a._replace(last=b.last) for a in span[0] for b in span[1]) if span else whens[0] if len(whens) == 1 else ()
        context.statements.append(Counted(words, narrowed, count, when))
        if not (len(whens) > 1):
            return
    if span and whens:
        context.statements.append(Took(words, subject, *span, reason, which, length))
    for when in whens or [()]:
        first, stop = (when, ()) if when or not span else span
        context.statements.append(Took(words, subject, first, stop, reason, which, length))
