"""Frames about visits: the days they took place, what for, which of them, and how many."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from core.verification.dates import When
from core.verification.grammar.chunk import MARK, NAME, SPAN, VALUE, WHEN, Chunk, Quantity
from core.verification.grammar.frames import Frame, take_prep
from core.verification.grammar.times import IMPOSSIBLE, hull, of_year
from core.verification.grammar.tokens import UNITS, Words
from core.verification.statements import Counted, Spaced, Subject, Took
from core.verification.vocabulary.spelling import stem, word_set

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

PREPS_OF = {
    WHEN: frozenset({"on", "in", "at", "by", "from", "since", "until", "to"}),
    SPAN: frozenset({"from", "between", "in"}), NAME: frozenset({"for", "with"}), VALUE: frozenset({"for", "over"}),
}  # fmt: skip
FREE = frozenset({"took place", "have", "in a row"})
_EVERY = re.compile(r"1/(\d*)([dwmy])")
BEGINS, ENDS = (
    word_set("began begun started starting beginning commenced"),
    word_set("ended ending finished concluded discharged"),
)
SIZES = {"d": "day", "w": "week", "m": "month", "y": "year"}


def _is_of_standing(before: list[Chunk]) -> bool:
    """ "Active in May", "resolved by May"."""
    ended_by = any(c.get("prep") == "by" for c in before)
    return any("status" in c.means and (ended_by or not c.get("prep")) for c in before)


class Draft:
    """What is said of the visits of one frame."""

    def __init__(self, frame: Frame, words: Words) -> None:
        self.frame, self.words = frame, words
        self.whens: list[When] = []
        self.span: tuple[When, When] | None = None
        self.stop: When = ()
        self.reasons: list[Chunk] = []
        self.which: str | None = next((c.means["which"] for c in frame.names if "which" in c.means), None)
        self.count: int | None = None
        self.length: Quantity | None = None
        self.apart: Quantity | None = None
        self.every = self.unread = self.ended = False

    def take(self, place: int, item: Chunk) -> bool:
        """Whether an item was understood."""
        if item.kind in (WHEN, VALUE):
            return (self._when if item.kind == WHEN else self._value)(place, item)
        if item.kind == NAME:
            self.reasons.append(item)
        elif item.kind == SPAN:
            self.span = (item.first, item.days)
        else:
            return self._word(item) or ("start" in item.means and place == self.frame.lead)
        return True

    def _word(self, item: Chunk) -> bool:
        if self._bounds(item):
            return True
        if item.get("which") in ("latest", "first", "later", "earlier"):
            if self.which not in (None, item.means["which"]):
                return False  # "the second last visit"
            self.which = item.means["which"]
        elif "frequency" in item.means or "yearly" in item.means:
            return self._often(item.get("frequency") or "1/y")
        elif "overnight" in item.means:
            self.length = Quantity(1.0, UNITS["day"], 0.0, "overnight")
        elif "all" in item.means:
            self.every, self.count = True, int(item.means["count"]) if "count" in item.means else self.count
        else:
            return not FREE.isdisjoint(item.means) or item.get("noun") in ("visit", "time", "note")
        return True

    def _bounds(self, item: Chunk) -> bool:
        """ "The stay that began on 27 April ended on 1 May"."""
        norm = self.words[item.start].norm
        self.ended = self.ended or norm in ENDS
        return norm in BEGINS or norm in ENDS

    def _often(self, frequency: str) -> bool:
        """ "Every three months": so far apart."""
        often = _EVERY.fullmatch(frequency)
        if often:
            self.apart = Quantity(float(often[1] or 1), UNITS[SIZES[often[2]]], 0.0, "~")
        return often is not None

    def _when(self, place: int, item: Chunk) -> bool:
        before = self.frame.items[max(0, place - 2) : place]
        if item.get("stay") != "end" and not self.ended and _is_of_standing(before):
            return False
        if before and before[-1].get("prep") == "since" and self.count is not None:
            self.span = (item.days, tuple(days._replace(last=date.max, yearless=False) for days in item.days))
        elif item.get("stay") == "end" or self.ended or _until(self.frame.items, place):
            self.stop, self.ended = item.days, False
        else:
            self.whens.append(item.days)
        return True

    def _value(self, place: int, item: Chunk) -> bool:
        quantity = item.quantity
        if quantity is None or quantity.unit is None:
            return quantity is not None and self._count(place, quantity)
        following = self.frame.items[place + 1 : place + 2]
        if following and "ago" in following[0].means:
            return False  # "four weeks later", with no day before it
        if quantity.unit.kind == "time" and following and "apart" in following[0].means:
            self.apart, following[0].used = quantity, True
            return True
        return quantity.unit.kind == "time" and self._length(place, quantity)

    def _count(self, place: int, quantity: Quantity) -> bool:
        if quantity.step and place < self.frame.lead - 1:
            return False
        known, self.count = self.count, round(quantity.value)
        self.unread = self.unread or known is not None  # "one of three visits"
        return known is None

    def _length(self, place: int, quantity: Quantity) -> bool:
        self.length = quantity
        before = self.frame.items[:place]
        leads = place in (self.frame.lead - 1, self.frame.lead) and not any(c.get("prep") for c in before)
        beside = [*before[-1:], *self.frame.items[place + 1 : place + 2]]
        bare = bool(before) and all(c.kind == MARK for c in beside)  # "Emergency visit, 25 March, one hour"
        return leads or bare or any("lasting" in c.means for c in self.frame.items[max(0, place - 3) : place])

    def settle(self) -> None:
        """Dates that mean something only together: "every May from 2023 to 2026", "12 October until the 16th"."""
        if self.stop:
            self.whens, self.span = self.whens[1:], ((self.whens or [()])[0], self.stop)
        elif self.span and (month := self._yearly(self.span)):
            self.whens, self.span = _each_year(month, self.span), None

    def _yearly(self, span: tuple[When, When]) -> When:
        """The month of a visit that comes every year."""
        if len(self.whens) == 1 and all(days.yearless for days in self.whens[0]):
            return self.whens[0]
        is_yearly = self.every and not self.whens and _is_month(span[0]) and not _is_month(span[1])
        return span[0] if is_yearly else ()


def read(frame: Frame, context: Context) -> None:
    """State the visits of a frame; a negated one is not read."""
    if any("neg" in c.means and not c.used for c in frame.items):
        return
    draft = _draft(frame, context)
    bearers = _bearers(frame, context)
    all_of_them = len(bearers) == sum(row.type == "visit" for row in context.rows)
    if draft.every and not draft.span and not all_of_them and not _of_earlier(draft, context):
        return
    for chunk in frame.names:
        chunk.used = True
    draft.settle()
    _state(draft, bearers, context)


def _draft(frame: Frame, context: Context) -> Draft:
    draft = Draft(frame, context.words)
    for place, item in enumerate(frame.items):
        if not item.used and item.kind != MARK and draft.take(place, item):
            item.used = True
            take_prep(frame.items, place, PREPS_OF.get(item.kind, frozenset()))
    for item in frame.items:
        item.used = item.used or item.get("prep") == "to"
    return draft


def _of_earlier(draft: Draft, context: Context) -> bool:
    """ "An admission in May and a visit in June, both for pregnancy": the reason is that of the visits before, too."""
    earlier = [s for s in context.statements if isinstance(s, Took) and s.subject.kind == "visit"]
    reasons = _reasons(draft, context)
    if not reasons or len(earlier) + 1 < (draft.count or 2):
        return False
    context.statements += [replace(s, reason=s.reason or reasons[0]) for s in earlier]
    return True


def _reasons(draft: Draft, context: Context) -> list[Subject]:
    return [Subject(context.written(c), "reason", c.name.bearers) for c in draft.reasons if c.name]


def _until(items: list[Chunk], place: int) -> bool:
    at = place - 1
    while at >= 0 and items[at].get("free"):
        at -= 1
    return at >= 0 and items[at].get("prep") in ("until", "to")


def _is_month(when: When) -> bool:
    return bool(when) and 27 <= (when[0].last - when[0].first).days <= 31


def _each_year(month: When, span: tuple[When, When]) -> list[When]:
    """A date in each of the years of a span."""
    years = range(span[0][0].first.year, span[1][0].last.year + 1)
    return [tuple(of_year(days, year) for days in month) for year in years] or [IMPOSSIBLE]


def _bearers(frame: Frame, context: Context) -> tuple[tuple[int, int], ...]:
    """The cited visits that all names of the frame may mean."""
    found = _of_kind(frame, context, [n for n, row in enumerate(context.rows) if row.type == "visit"])
    for chunk in frame.names:
        if chunk.name is not None:
            mine = {n for n, _ in chunk.name.bearers}
            found = [n for n in found if n in mine]
    return tuple((n, 0) for n in found)


def _of_kind(frame: Frame, context: Context, found: list[int]) -> list[int]:
    """ "Problem visits": those whose name has the word right before the noun."""
    before = next(iter(frame.items[: frame.lead][-1:]), None)
    if before is None or before.used or not before.means.keys() <= {"noun"}:
        return found
    term = stem(context.words[before.end - 1].norm)
    mine = [n for n in found if term in context.rows[n].name.terms]
    before.used = bool(mine)
    return mine or found


def _state(draft: Draft, bearers: tuple[tuple[int, int], ...], context: Context) -> None:
    frame = draft.frame
    words = context.span([*frame.names, *[c for c in frame.items if c.used]])
    subject = Subject(context.written(frame.names[0]), "visit", bearers)
    reasons = _reasons(draft, context)
    reason = reasons[0] if reasons else None
    context.statements += [Took(words, subject, reason=other) for other in reasons[1:]]
    if draft.count is not None:
        context.statements.append(Counted(words, _counted(draft, subject, reason, context), draft.count, _over(draft)))
    if draft.apart is not None:
        context.statements.append(Spaced(words, subject, draft.apart))
    context.statements += [Took(words, subject, *time, reason, draft.which, draft.length) for time in _times(draft)]


def _times(draft: Draft) -> list[tuple[When, When]]:
    """The times at which visits took place. One time beside a count is what is counted over."""
    days: list[tuple[When, When]] = [(when, ()) for when in draft.whens]
    if draft.count is not None:
        return days if len(days) > 1 or (days and draft.span) else []
    return [*([draft.span] if draft.span else []), *days] or [((), ())]


def _over(draft: Draft) -> When:
    """The time that visits are counted over."""
    return hull(*draft.span) if draft.span else draft.whens[0] if len(draft.whens) == 1 else ()


def _counted(draft: Draft, subject: Subject, reason: Subject | None, context: Context) -> Subject:
    """The visits that a count is of: all, where it is of visits as such; those of a reason, if one is given."""
    bearers = subject.bearers
    if draft.unread:
        bearers = ()
    elif draft.frame.names[0].name is None:
        bearers = tuple((n, 0) for n, row in enumerate(context.rows) if row.type == "visit")
    if reason is not None:
        because = {n for n, _ in reason.bearers}
        bearers = tuple(bearer for bearer in bearers if bearer[0] in because)
    return Subject(subject.words, "visit", bearers)
