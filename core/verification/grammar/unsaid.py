"""What a row is said not to give: "no reaction is recorded", "dose not stated", "no reason given for either"."""

from __future__ import annotations

from core.verification.grammar.chunk import MARK, Chunk
from core.verification.grammar.course_drafts import Draft

FIELDS = {
    "reaction": "reaction", "reactions": "reaction", "reason": "reason", "indication": "reason", "dose": "dose",
    "dosage": "dose", "frequency": "frequency", "severity": "severity", "criticality": "criticality",
}  # fmt: skip
TELLING = frozenset({"record", "start"})
PASSED = frozenset({"free", "aux", "all"})
BEFORE, BEHIND = 3, 6


def read(draft: Draft, items: list[Chunk], place: int) -> bool:
    """Note the field that a negation is of, where a word of recording stands with it."""
    behind = _part(items[place + 1 : place + BEHIND])
    before = _part(items[max(0, place - BEFORE) : place][::-1])
    found = next((chunk for chunk in (*before[:1], *behind[:1]) if _field(draft, chunk)), None)
    told = _told(draft, found, behind)
    if found is None or told is None:
        return False
    draft.unsaid = (*draft.unsaid, FIELDS[_field(draft, found)])
    last = items.index(told)
    for chunk in items[min(place, items.index(found)) : last + 1]:
        chunk.used = True
    return True


def _told(draft: Draft, found: Chunk | None, behind: list[Chunk]) -> Chunk | None:
    """The word of recording; the field itself in "on the list without a reaction"."""
    told = next((chunk for chunk in behind if chunk is not found and chunk.get("prep") != "for"), None)
    if told is not None:
        return told if _tells(draft, told) else None
    alone = len(behind) == 1 and behind[0] is found
    return found if alone and "without" in _norms_before(draft, behind[0]) else None


def _norms_before(draft: Draft, chunk: Chunk) -> list[str]:
    """The word before a chunk, past an article."""
    norms = [word.norm for word in draft.words[max(0, chunk.start - 2) : chunk.start]]
    return norms if norms[-1:] in (["a"], ["any"]) else norms[-1:]


def _part(near: list[Chunk]) -> list[Chunk]:
    """The chunks up to a mark, without articles and the like."""
    end = next((n for n, chunk in enumerate(near) if chunk.kind == MARK), len(near))
    return [chunk for chunk in near[:end] if PASSED.isdisjoint(chunk.means)]


def _tells(draft: Draft, chunk: Chunk) -> bool:
    """ "Recorded", "given"; "no reason to stop is recorded" is of a plan."""
    return not TELLING.isdisjoint(chunk.means) or draft.words[chunk.end - 1].norm == "given"


def _field(draft: Draft, chunk: Chunk) -> str:
    """The first word of a chunk, where it names a field."""
    norm = draft.words[chunk.start].norm
    return norm if norm in FIELDS else ""


def is_of_name(lead: list[Chunk]) -> bool:
    """Whether a negation is of the name it leads to: it is not before a colon, nor in "no change for"."""
    aside = any(chunk.get("prep") in ("for", "with", "after", "before") for chunk in lead[2:])
    return not (aside or any(":" in chunk.means for chunk in lead))
