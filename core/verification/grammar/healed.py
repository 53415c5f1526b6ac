"""What is said of the reason of a visit: "seen for sinusitis, which had resolved by 4 July"."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from core.verification.grammar.chunk import MARK, NAME, Chunk
from core.verification.grammar.frames import Frame
from core.verification.grammar.names import BY_NAME

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

LINKING = frozenset({"free", "aux", "pronoun", "conj"})


def parted(cut: list[Frame], context: Context) -> list[Frame]:
    """The frames, with what is said of a visit's reason in a frame of its own, where its condition is cited."""
    found: list[Frame] = []
    for place, frame in enumerate(cut):
        found.append(frame)
        ill = _reason(frame, context) if frame.kind == "visit" and frame.illness is None else None
        own = _own(frame, ill, cut[place + 1 :], context) if ill is not None else None
        found += [own] if own is not None else []
    return found


def _own(frame: Frame, ill: Chunk, following: list[Frame], context: Context) -> Frame | None:
    """The frame of a visit's reason, if its standing is said: right behind it, or behind what was given for it."""
    at, own = _standing(frame.items, ill), Frame("condition", [_condition(ill, context)])
    if at:
        own.items, frame.items = frame.items[at:], frame.items[:at]
        return own
    given = list(takewhile(lambda other: other.kind == "prescription" and other.illness is None, following))
    if not any("heals" in c.means or c.get("status") == "ended" for other in given for c in other.items):
        return None
    for other in given:
        other.illness = own  # "seen with bronchitis, amoxicillin given, resolved 13 May"
    return own


def _reason(frame: Frame, context: Context) -> Chunk | None:
    return next((c for c in frame.items if c.kind == NAME and not c.used and _conditions(c, context)), None)


def _conditions(chunk: Chunk, context: Context) -> tuple[tuple[int, int], ...]:
    return tuple((n, how) for n, how in chunk.bearers if how == BY_NAME and context.rows[n].type == "condition")


def _condition(ill: Chunk, context: Context) -> Chunk:
    chunk = Chunk(NAME, ill.start, ill.end, dict(ill.means))
    chunk.name = ill.name._replace(bearers=_conditions(ill, context)) if ill.name else None
    return chunk


def _standing(items: list[Chunk], ill: Chunk) -> int:
    """Where "which had resolved" begins behind the reason; nought where nothing of the kind is said."""
    behind = items.index(ill) + 1
    at = next((n for n, c in enumerate(items) if n >= behind and _stands(c)), 0)
    while at > behind and (items[at - 1].kind == MARK or not LINKING.isdisjoint(items[at - 1].means)):
        at -= 1
    return at


def _stands(chunk: Chunk) -> bool:
    return "heals" in chunk.means or ("status" in chunk.means and "side" not in chunk.means)
