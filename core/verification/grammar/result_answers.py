"""Results that are words: "never smoker", "detected", "No"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.grammar.chunk import NAME, WORD, Chunk
from core.verification.grammar.frames import Frame
from core.verification.grammar.names import Name
from core.verification.grammar.result_points import Points
from core.verification.grammar.result_scan import Scan
from core.verification.statements import Subject, Took

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

# Words that may be the first of an answer: "high", "moderate".
LEVELS = frozenset({"severity", "degree", "read", "criticality"})


def answers_of(frame: Frame, context: Context) -> list[Chunk]:
    _levels(frame, context)
    return [c for c in frame.items if c.name is not None and not c.used and _by_answer(c, context)]


def _levels(frame: Frame, context: Context) -> None:
    """ "Moderate falls risk", where the row answers "Moderate Risk": a level is the first word of the answer."""
    named = {n for name in frame.names for n, how in name.bearers if how == 0}
    if not named or any(context.rows[n].text_value is None for n in named):
        return
    for chunk in frame.items:
        if not chunk.used and chunk.kind == WORD and not LEVELS.isdisjoint(chunk.means):
            norm = context.words[chunk.start].norm
            mine = tuple((n, 1) for n in named if (context.rows[n].text_value or "").lower().split()[:1] == [norm])
            chunk.kind, chunk.means, chunk.name = NAME, {"level": ""}, Name(chunk.end, {}, mine, frozenset())


def _by_answer(chunk: Chunk, context: Context) -> bool:
    if "level" in chunk.means:
        return True
    said = [n for n, how in chunk.bearers if how == 1]
    return any(context.rows[n].type == "observation" for n in said)


def is_answer(frame: Frame, context: Context) -> bool:
    """Whether the frame is about results that are words."""
    bearers = [name.bearers for name in frame.names]
    return all(found and all(context.rows[n].text_value is not None for n, _ in found) for found in bearers)


def state_yes_or_no(scan: Scan) -> bool:
    """ "Not a refugee": the answer that a row gives to its question."""
    frame, context = scan.frame, scan.context
    told = [c for c in frame.items if "neg" in c.means]
    answers = _answers_to(frame, context)
    if not answers or len(told) > 1 or len(scan.atoms) > len(told):
        return False
    for chunk in (*frame.names, *told):
        chunk.used = True
    so = _who_say("no" if told else "yes", answers)
    written = context.written(frame.names[0])
    subject = Subject(written, "observation", frame.names[0].bearers)
    reason = Subject(written, "reason", so)
    context.statements.append(Took(context.span([*frame.names, *told]), subject, reason=reason))
    return True


def _who_say(what: str, answers: dict[int, str]) -> tuple[tuple[int, int], ...]:
    return tuple((n, 1) for n, said in answers.items() if said == what)


def _answers_to(frame: Frame, context: Context) -> dict[int, str]:
    """What the rows answer to the one question that a frame names, if all say yes or no."""
    bearers = frame.names[0].bearers if len(frame.names) == 1 else ()
    answers = {n: (context.rows[n].text_value or "").strip().lower() for n, how in bearers if how == 0}
    return answers if {"yes", "no"}.issuperset(answers.values()) else {}


def state(scan: Scan, points: Points, answers: list[Chunk]) -> None:
    """State a result in words, on its day. A bare name of the test says nothing that could be proved."""
    frame, context = scan.frame, scan.context
    said = answers or [name for name in frame.names if name.name and _is_answer(name.name.bearers)]
    if not said or not _is_plain(scan, points):
        return
    for chunk in (*frame.names, *answers):
        chunk.used = True
    span = context.span([*frame.names, *answers])
    which = next((piece.which for piece in points.found if piece.which), None)
    days = [when for piece in points.found for when in piece.whens] or [()]
    reasons = [Subject(context.written(answer), "reason", _by_reason(answer)) for answer in said]
    for name in frame.names:
        subject = Subject(context.written(name), "observation", name.bearers)
        context.statements += [Took(span, subject, day, (), reason, which) for reason in reasons for day in days]


def _is_answer(bearers: tuple[tuple[int, int], ...]) -> bool:
    return all(how == 1 for _, how in bearers)


def _is_plain(scan: Scan, points: Points) -> bool:
    """Whether nothing but days is said of an answer."""
    same = scan.trend in ("same", "flat") and sum(len(p.whens) for p in points.found) > 1
    more = scan.negated or (scan.trend and not same) or scan.count or scan.length or points.always
    dated = sum(len(p.whens) for p in points.found)
    return not more and not any(p.valued or p.reading or (dated > 1 and p.which) for p in points.found)


def _by_reason(chunk: Chunk) -> tuple[tuple[int, int], ...]:
    return tuple(b for b in chunk.bearers if b[1] == 1)
