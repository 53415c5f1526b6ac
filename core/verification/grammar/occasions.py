"""On what occasion something was measured: "at the May check-up", "at the last visit"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.grammar.chunk import NAME, WHEN, WORD, Chunk
from core.verification.statements import Subject, Took

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

AT = frozenset({"at", "in", "on", "by", "since", "from", "until"})
NOUNS = frozenset({"noun", "visit"})
PLAIN = frozenset({"wellness", "follow up", "outpatient"})


def read(segment: list[Chunk], context: Context) -> None:
    """State the notes that a segment quotes, and the visits that only say when one of its tests was done."""
    nouns = [place for place, chunk in enumerate(segment) if not NOUNS.isdisjoint(chunk.means)]
    tests = bool(nouns) and any(_is_test(chunk, context) for chunk in segment)
    for place in nouns:
        if segment[place].means.get("noun") == "note":
            _note(segment, place, context)
        elif tests and _is_visit(segment[place], context) and _is_adjunct(segment, place):
            _state(segment, place, context)


def _note(segment: list[Chunk], place: int, context: Context) -> None:
    """ "The note of 3 May says": the day is that of a note, not of what it says."""
    chunk = segment[place]
    bearers = tuple((n, 0) for n, row in enumerate(context.rows) if row.type == "note")
    beside = [*segment[place + 1 : place + 3], *segment[max(0, place - 1) : place]]
    day = next((c for c in beside if c.kind == WHEN), None)
    if bearers:
        chunk.used = True
        if day is not None:
            day.used = True
        subject = Subject(context.written(chunk), "note", bearers)
        context.statements.append(Took(context.span([chunk]), subject, day.days if day is not None else (), open=True))


def _is_test(chunk: Chunk, context: Context) -> bool:
    bearers = chunk.bearers
    return "assay" in chunk.means or any(context.rows[n].type == "observation" and how == 0 for n, how in bearers)


def _is_visit(chunk: Chunk, context: Context) -> bool:
    if chunk.kind == NAME and chunk.name is not None:
        return "visit" in chunk.means and all(context.rows[n].type == "visit" for n, _ in chunk.name.bearers)
    return chunk.kind == WORD and chunk.get("noun") == "visit"


def _is_adjunct(segment: list[Chunk], place: int) -> bool:
    """Whether "at" or "in" stands before a visit, past a date, an article and the like."""
    for chunk in reversed(segment[max(0, place - 4) : place]):
        if chunk.get("prep") in AT or "all" in chunk.means:
            return True
        if not (chunk.kind == WHEN or chunk.get("free") or chunk.get("which") or "visit" in chunk.means):
            return False
    return False


def _state(segment: list[Chunk], place: int, context: Context) -> None:
    chunk = segment[place]
    bearers = chunk.bearers
    if not bearers:
        cited = tuple((n, 0) for n, row in enumerate(context.rows) if row.type == "visit")
        if chunk.kind == WORD and cited:
            _state_visit(segment, place, context, cited)
        elif chunk.kind == WORD or chunk.get("visit") in PLAIN:
            chunk.used, chunk.kind, chunk.means, chunk.name = True, WORD, {"noun": "time"}, None
        return
    _state_visit(segment, place, context, bearers)


def _state_visit(segment: list[Chunk], place: int, context: Context, bearers: tuple[tuple[int, int], ...]) -> None:
    """A visit beside a result: of its day, for the reason that stands behind it."""
    chunk = segment[place]
    near = [c for c in segment[max(0, place - 2) : place + 3] if c.kind == WHEN]
    subject = Subject(context.written(chunk), "visit", bearers)
    reason = _reason(segment[place + 1 : place + 6], context)
    said = Subject(context.written(reason), "reason", reason.name.bearers) if reason and reason.name else None
    days = near[0].days if near else ()
    context.statements.append(Took(context.span([chunk]), subject, days, reason=said, open=True))
    chunk.used = True


def _is_reason(chunk: Chunk, context: Context) -> bool:
    said = [n for n, how in chunk.bearers if how == 1]
    return bool(said) and all(context.rows[n].type == "visit" for n in said)


def _reason(behind: list[Chunk], context: Context) -> Chunk | None:
    """What a visit was for, where nothing but its day stands between."""
    for place, chunk in enumerate(behind):
        governed = place > 0 and behind[place - 1].get("prep") in ("for", "with")
        if governed and _is_reason(chunk, context):
            chunk.used = True
            return chunk
        if chunk.kind != WHEN and {"prep", "free"}.isdisjoint(chunk.means):
            return None
    return None
