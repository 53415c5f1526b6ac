"""Remarks of a resource (`note`), body sites with the side that an extension tells, and grades such as a severity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from core.interchange.fhir.bundles import Resource, dig, each
from core.interchange.fhir.concepts import kept, wording

NOTE_CHARS_MAX, SITE_CHARS_MAX = 2_000, 400
# How far a source itself trusts what it sends (meta.security, of HL7's ObservationValue).
UNSURE = {"UNRELIABLE": "its source calls it unreliable", "UNCERTREL": "its source is not sure that it is reliable"}


def cut(words: str, most: int) -> str:
    """Words of so many characters at most; that some are missing is seen."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def remarks(resource: Resource, more: Iterable[str | None] = ()) -> str | None:
    """What the source remarks on a resource, each thing once, and what else is told in words."""
    doubts = (UNSURE.get(str(dig(one, "code"))) for one in each(dig(resource, "meta", "security")))
    told = dict.fromkeys(words for words in (*noted(resource), *more, *doubts) if words)
    return cut("; ".join(told), NOTE_CHARS_MAX) or None


def noted(resource: Resource) -> Iterator[str]:
    """Each note in one line. What a note is about may stand in an extension alone: "No" by itself says nothing."""
    for one in each(resource.get("note")):
        words = dig(one, "text")
        if isinstance(words, str) and words.strip():
            yield ": ".join((*_topics(one), " ".join(words.split())))


def _topics(note: Any) -> Iterator[str]:
    for one in each(dig(note, "extension")):
        coding = dig(one, "valueCoding")
        concept = dig(one, "valueCodeableConcept") or {"coding": [coding] if coding is not None else []}
        words = wording(concept)
        yield from ((words.removeprefix("code "),) if words else ())


def sites(resource: Resource) -> dict[str, Any] | None:
    """The body sites of a resource as `said` keeps them: their words with sides, and their codings."""
    told = resource.get("bodySite")
    concepts = [one for one in (told if isinstance(told, list) else [told]) if isinstance(one, dict)]
    words = dict.fromkeys(told for one in concepts if (told := _site(one)))
    if not words:
        return None
    # The codings of one concept mean the same: several sites have none in common.
    codings = kept(concepts[0]) if len(concepts) == 1 else []
    return {"text": cut("; ".join(words), SITE_CHARS_MAX), "codings": codings}


def _site(concept: dict[str, Any]) -> str:
    name = wording(concept)
    sides = [words for words in _extended(concept) if words.lower() not in (name or "").lower()]
    return ", ".join(dict.fromkeys(filter(None, (name, *sides))))


def _extended(value: Any) -> Iterator[str]:
    """The words of all concepts in extensions: a side, a surface, a part. A code by itself tells nobody anything."""
    for one in each(dig(value, "extension")):
        concept, coding = dig(one, "valueCodeableConcept"), dig(one, "valueCoding")
        told = (dig(concept, "text"), *(dig(part, "display") for part in (*each(dig(concept, "coding")), coding)))
        words = next((words for words in told if isinstance(words, str) and words.strip()), None)
        yield from ((words,) if words else ())
        yield from _extended(one)


# What an extension of a concept tells beyond its code, by the end of its name.
FURTHER = ("specification", "problemname", "comment", "qualifier", "originaltext")
POSITION = "observation-bodyPosition"


def further(concept: Any) -> Iterator[str]:
    """What a source adds to a code in words of its own: "twins" to a pregnancy."""
    for one in each(dig(concept, "extension")):
        words = dig(one, "valueString")
        if isinstance(words, str) and words.strip() and str(dig(one, "url")).lower().endswith(FURTHER):
            yield " ".join(words.split())


def position(resource: Resource) -> Iterator[str]:
    """In which position of the body a value was measured (HL7's extension)."""
    told = (one for one in each(resource.get("extension")) if str(dig(one, "url")).endswith(POSITION))
    yield from (f"position: {words}" for one in told if (words := wording(dig(one, "valueCodeableConcept"))))


def graded(resource: Resource) -> Iterator[str]:
    """Severity and stages of a problem in words."""
    severity = wording(resource.get("severity"))
    if severity:
        yield f"severity: {severity}"
    for stage in each(resource.get("stage")):
        words, kind = wording(dig(stage, "summary")), wording(dig(stage, "type"))
        if words:
            yield f"stage: {words}{f' ({kind})' if kind else ''}"
