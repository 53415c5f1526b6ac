"""Results that are words: "never smoker", "detected", "No"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.grammar.chunks import Chunk
from core.verification.grammar.frames import Frame
from core.verification.grammar.names import NO_NAME
from core.verification.grammar.result_atoms import Scan
from core.verification.grammar.result_points import Points
from core.verification.statements import Subject, Took

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context


def answers_of(frame: Frame) -> list[Chunk]:
    return [c for c in frame.items if c.name is not None and c.name.bearers and not c.used and _by_answer(c)]


def _by_answer(chunk: Chunk) -> bool:
    return any(how == 1 for _, how in (chunk.name or NO_NAME).bearers)


def is_answer(frame: Frame, context: Context) -> bool:
    """Whether the frame is about results that are words."""
    bearers = [(name.name or NO_NAME).bearers for name in frame.names]
    return all(found and all(context.rows[n].text_value is not None for n, _ in found) for found in bearers)


def state_yes_or_no(scan: Scan) -> bool:
    """ "Not a refugee": the answer that a row gives to its question."""
    frame, context = scan.frame, scan.context
    bearers = (frame.names[0].name or NO_NAME).bearers if len(frame.names) == 1 else ()
    answers = {n: (context.rows[n].text_value or "").strip().lower() for n, how in bearers if how == 0}
    told = [c for c in frame.items if "neg" in c.means]
    if not answers or not set(answers.values()) <= {"yes", "no"} or len(told) > 1 or len(scan.atoms) > len(told):
        return False
    for chunk in (*frame.names, *told):
        chunk.used = True
    span = context.span([*frame.names, *told])
    wanted = "no" if told else "yes"
    so = Subject(
        context.written(frame.names[0]), "reason", tuple((n, 1) for n, said in answers.items() if said == wanted)
    )
    subject = Subject(context.written(frame.names[0]), "observation", bearers)
    context.statements.append(Took(span, subject, reason=so))
    return True


def state(scan: Scan, points: Points, answers: list[Chunk]) -> None:
    """State a result in words, on its day. A bare name of the test says nothing that could be proved."""
    frame, context = scan.frame, scan.context
    said = answers or [name for name in frame.names if name.name and all(how == 1 for _, how in name.name.bearers)]
    found = points.found
    numbers = scan.negated or scan.trend or scan.count or scan.length or points.always or len(found) > 1
    if not said or numbers or any(p.valued or p.reading or len(p.whens) > 1 for p in found):
        return
    for chunk in (*frame.names, *answers):
        chunk.used = True
    span = context.span([*frame.names, *answers])
    when = found[0].whens[0] if found and found[0].whens else ()
    which = found[0].which if found else None
    for name in frame.names:
        subject = Subject(context.written(name), "observation", (name.name or NO_NAME).bearers)
        for answer in said:
            by = tuple(b for b in (answer.name or NO_NAME).bearers if b[1] == 1)
            context.statements.append(
                Took(span, subject, when, (), Subject(context.written(answer), "reason", by), which)
            )
