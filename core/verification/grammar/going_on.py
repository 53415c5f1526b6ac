"""What a part of a sentence that names nothing goes on about: what the parts before it named."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from core.verification.grammar.chunk import PAIR, VALUE, WHEN, Chunk
from core.verification.grammar.frames import Frame

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context


def frames_of(lead: list[Chunk], before: Frame, context: Context) -> list[Frame]:
    """One frame of the last that it may be about; one for each test, where each has a value in turn."""
    alike = len(context.frames) > 1 and len({frame.kind for frame in context.frames}) == 1
    if alike and before.kind == "observation" and (cut := _in_turn(lead, context.frames)):
        return cut
    if alike and before.kind == "observation" and {"all", "read"} <= {kind for chunk in lead for kind in chunk.means}:
        cut = [_of_each(lead, frame) for frame in context.frames]
        cut[-1].items = lead
        return cut
    of = _spoken_of(lead, before, context)
    frame = Frame(of.kind, of.names)
    frame.items, frame.vague = lead, alike
    return [frame]


def _of_each(lead: list[Chunk], test: Frame) -> Frame:
    """ "Na 137; K 3.9; both normal": of each test that was named."""
    frame = Frame(test.kind, test.names)
    frame.items = [copy(chunk) for chunk in lead]
    return frame


def _in_turn(lead: list[Chunk], tests: list[Frame]) -> list[Frame]:
    """ "Red cells 5.3 and Hb 16.1 in 2016; 5.1 and 15.1 in 2021": the values in the order of the tests."""
    values, days = _of_kind(lead, VALUE), _of_kind(lead, WHEN)
    if len(values) != len(tests) or len(days) > 1:
        return []
    cut = [Frame(frame.kind, frame.names) for frame in tests]
    day = next((chunk.days for chunk in days), ())
    for frame, value in zip(cut, values, strict=True):
        frame.items, frame.day = [value], day
    cut[-1].items = [chunk for chunk in lead if chunk not in values[:-1]]
    return cut


def _of_kind(lead: list[Chunk], kind: str) -> list[Chunk]:
    return [chunk for chunk in lead if chunk.kind == kind]


PARTS_OF_PAIR = frozenset({"systolic", "diastolic"})


def _of_pair(before: Frame, context: Context) -> Frame:
    """Two values in one are of the last test that has both parts, also behind what was said of one of them."""
    tests = [before, *(frame for frame in reversed(context.frames) if frame.kind == "observation")]
    return next(
        (frame for frame in tests if _assays(frame, context) >= PARTS_OF_PAIR), tests[0 if len(tests) < 2 else 1]
    )


def _assays(frame: Frame, context: Context) -> set[str | None]:
    return {context.rows[n].assay for name in frame.names for n, _ in name.bearers}


def _spoken_of(lead: list[Chunk], before: Frame, context: Context) -> Frame:
    """What a segment without a name goes on about: a standing is of a condition or a medicine, a pair of a test."""
    kinds: tuple[str, ...] = ()
    if any("status" in c.means or "heals" in c.means for c in lead):
        kinds = ("condition", "prescription", "allergy")
    elif any(c.kind == PAIR for c in lead):
        return _of_pair(before, context)
    if not kinds or before.kind in kinds:
        return before
    return next((frame for frame in reversed(context.frames) if frame.kind in kinds), before)
