"""What is said of one course and holds for its neighbours, too: a standing, a day, the days of an illness."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from core.verification.cited import Cited
from core.verification.dates import Days
from core.verification.grammar.chunk import WHEN
from core.verification.grammar.course_drafts import ENDED, Draft
from core.verification.grammar.names import BY_NAME
from core.verification.grammar.times import within

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context


def settle(drafts: list[Draft], context: Context) -> None:
    """Share out what is said of several courses of one segment."""
    for draft in drafts:
        _pair_days(draft, context)
    for first, second in itertools.pairwise(drafts):
        _share_of_class(first, second)
    _same_periods(drafts, context)
    _share(drafts, context)
    _replace(drafts)
    _given_then(drafts, context)


def _pair_days(draft: Draft, context: Context) -> None:
    """ "A and B resolved in 2021 and 2023": as many days as names are one for each, in turn.

    Each may have begun twice, so beginnings are only paired where it is said ("respectively").
    """
    names, items = draft.frame.names, draft.frame.items
    places = [place for place, item in enumerate(items) if item.kind == WHEN]
    if len(names) < 2 or len(places) != len(names) or names[-1].start > items[places[0]].start:
        return
    between = [item for item in items[places[0] : places[-1]] if item.kind != WHEN]
    is_told = any(context.written(item).lower() == "respectively" for item in items)
    slot = "stop" if draft.stop and not draft.start else "start" if is_told and not draft.stop else None
    if slot and all(item.get("conj") == "and" or "," in item.means for item in between):
        draft.paired = slot, tuple(items[place].days for place in places)
        draft.start = draft.stop = draft.at = ()
        draft.spans = []


def _share_of_class(first: Draft, second: Draft) -> None:
    """ "Her current contraception is Camila": what is said of the class is said of the one that it is."""
    name, other = first.frame.names[-1], second.frame.names[0]
    behind = [item for item in first.frame.items if item.start > name.start]
    before = [item for item in second.frame.items if item.start < other.start]
    is_named = any("aux" in item.means for item in behind) and all(
        item.means.keys() & {"aux", "free"} for item in [*behind, *before]
    )
    if is_named and first.kind == second.kind:
        second.tense = second.tense if first.status else first.tense
        second.status = second.status or first.status


def _same_periods(drafts: list[Draft], context: Context) -> None:
    """ "Bronchitis in May was treated with amoxicillin over the same days"."""
    for first, second in itertools.pairwise(drafts):
        if second.same_period:
            _same_period(first, second, context)


def _same_period(first: Draft, second: Draft, context: Context) -> None:
    rows = _rows(first, context)
    if len(rows) == 1 and rows[0].start and rows[0].stop:
        second.start, second.stop = ((Days(day, day),) for day in (rows[0].start, rows[0].stop))
        second.tense = "past"
    else:
        second.which = "unread"


def _given_then(drafts: list[Draft], context: Context) -> None:
    """ "Sinusitis Aug 2013, co-amoxiclav": what was given for an illness that is over is of that time."""
    for ill, given in itertools.pairwise(drafts):
        lead = given.frame.items[: given.frame.lead]
        bare = not (given.dated or given.status or given.tense) and all(c.get("noun") == "medicine" for c in lead)
        if ill.kind == "condition" and ill.at and given.kind == "prescription" and bare:
            known, taken = _rows(ill, context), _rows(given, context)
            over = all(row.standing in ENDED for row in known)
            if over and all(treats(row, known) and within(ill.at, row.start) for row in taken):
                given.at, given.tense = ill.at, "past"


def _replace(drafts: list[Draft]) -> None:
    """ "A was replaced by B on 3 May": A ended then, B began."""
    for old, new in itertools.pairwise(drafts):
        if old.replaced:
            new.start, new.at = new.start or new.at, ()
            old.stop, old.status = old.stop or new.start, old.status or "ended"


def _share(drafts: list[Draft], context: Context) -> None:
    """ "A and B have both resolved": a standing or day of the last holds for those before it that have none."""
    _share_of_leading(drafts[0], drafts[1:])
    for first, second in itertools.pairwise(drafts):
        _share_end(first, second)
    for place in range(len(drafts) - 1, 0, -1):
        last, before = drafts[place], drafts[place - 1]
        if last.every or last.shared:
            _share_back(last, before)
        elif _is_bare(before, last, context):
            before.start, before.at, before.tense = last.start, last.at, last.tense or "past"


def _is_bare(before: Draft, last: Draft, context: Context) -> bool:
    """ "Alteplase 100 mg and clopidogrel 75 mg on 26 July": a day behind both, where the first is taken no more."""
    joint = before.frame.items[-1].means if before.frame.items else {}
    if before.kind != last.kind or not (joint.get("conj") == "and" or "," in joint):
        return False
    told = before.dated or before.status or before.tense
    return not told and _has_one_day(last) and all(row.standing in ENDED for row in _rows(before, context))


def _has_one_day(draft: Draft) -> bool:
    return draft.dated and not (draft.stop or draft.spans or draft.done)


def _share_end(first: Draft, second: Draft) -> None:
    """ "Eczema cleared in 2021 and rhinitis in 2023": a day alone is of the end, where the one before is."""
    alone = second.at and not (second.status or second.tense or second.start or second.stop or second.spans)
    if alone and first.stop and first.status in ENDED and first.kind == second.kind:
        second.status, second.stop, second.at = first.status, second.at, ()


def _share_of_leading(leading: Draft, others: list[Draft]) -> None:
    heading = any("noun" in chunk.means for chunk in leading.frame.items[: leading.frame.lead])
    if leading.former and leading.frame.lead:
        for draft in others:
            draft.tense, draft.former = draft.tense or "past", draft.former or heading or not draft.dated
    if leading.status and leading.frame.lead and (leading.every or heading):
        for draft in others:
            if leading.every or not (draft.former or draft.tense == "past"):
                _share_standing(leading, draft)


def _share_back(last: Draft, before: Draft) -> None:
    if last.status:
        _share_standing(last, before)
    if last.tense == "past":
        before.tense = before.tense or last.tense
    if not before.dated and last.dated and last.shared:
        before.start, before.stop, before.at, before.spans = last.start, last.stop, last.at, last.spans
    if last.shared and last.reason is not None and before.reason is None:
        before.reason = last.reason
    before.shared, before.every = last.shared, last.every


def _share_standing(of: Draft, to: Draft) -> None:
    to.status = to.status or of.status
    to.criticality = to.criticality or of.criticality


def treats(row: Cited, ill: list[Cited]) -> bool:
    """Whether a medicine's row gives a condition as its reason, in no more words than the condition has."""
    if not row.reason.terms:
        return any(row.start and other.start and abs((row.start - other.start).days) <= 1 for other in ill)
    return any(row.reason.heads & other.name.heads and row.reason.terms <= other.name.terms for other in ill)


def _rows(draft: Draft, context: Context) -> list[Cited]:
    """The rows that the names of a course may mean."""
    return [context.rows[n] for name in draft.frame.names for n, how in name.bearers if how == BY_NAME]
