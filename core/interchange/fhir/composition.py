"""FHIR Composition: what a document says in its sections, as a note. What its entries say comes by itself."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from core.interchange.fhir import markup_words
from core.interchange.fhir.bundles import Resource, dig, each
from core.interchange.fhir.care_givers import written_by
from core.interchange.fhir.concepts import wording
from core.interchange.fhir.document import note
from core.interchange.fhir.entry import NO_STATUS, Entry, Retracted
from core.interchange.source_rows import Record
from core.interchange.source_values import BadValue
from core.interchange.synthea.visit_notes import note_text

STATUSES = ("preliminary", "final", "amended")
NO_TEXT = "Composition without words of its own (its entries are read)"
DEPTH_MAX = 8


def composition(entry: Entry, read: Container[str]) -> Record | None:
    """The note of a Composition; None if it only repeats entries of the types that are `read`. Raises Retracted."""
    resource = entry.resource
    status = str(resource.get("status"))
    if status == "entered-in-error":
        raise Retracted("its status is entered-in-error")
    if status not in STATUSES:
        raise BadValue(NO_STATUS if status == "None" else f"status '{status[:30]}' is none that we know")
    sections = list(_sections(entry, resource, read, 0))
    if not sections:
        return None
    entry.about["status"] = status if status == "preliminary" else None
    title, kind = resource.get("title"), wording(resource.get("type"))
    head = [title] if isinstance(title, str) and title.strip() != kind else []
    author = "; ".join(filter(None, (written_by(one) for one in each(resource.get("author"))))) or None
    body = note_text("\n\n".join((*head, *sections)), "section")
    visit = entry.visit(resource.get("encounter"))
    return note(entry, body=body, visit=visit, author=author, moment=resource.get("date"))


def _sections(entry: Entry, within: Resource, read: Container[str], depth: int) -> Iterator[str]:
    """Each section's title and words, those inside it behind it."""
    for one in each(within.get("section")) if depth < DEPTH_MAX else []:
        title = dig(one, "title") or wording(dig(one, "code"))
        told = [*_words(entry, one, read), *_why_empty(one)]
        inside = list(_sections(entry, one, read, depth + 1)) if isinstance(one, dict) else []
        if told or inside:
            yield "\n".join((*([str(title)] if title else []), *told, *inside))


def _words(entry: Entry, section: Any, read: Container[str]) -> list[str]:
    markup = dig(section, "text", "div")
    if not isinstance(markup, str) or dig(section, "text", "status") == "empty" or _repeats(entry, section, read):
        return []
    return list(filter(None, [markup_words.words(markup)]))


def _repeats(entry: Entry, section: Any, read: Container[str]) -> bool:
    """Whether the words are made of entries alone, all of which are read."""
    named = each(dig(section, "entry"))
    if dig(section, "text", "status") != "generated" or not named:
        return False
    known = [entry.resolver.find_if_clear(one) for one in named]
    # A type that a reference does not tell is one of those that most of a bundle are: results, medicines.
    return all(one is not None and (not one[0] or one[0] in read) for one in known)


def _why_empty(section: Any) -> list[str]:
    """Why nothing stands in a section: that nothing is known is a statement."""
    why = wording(dig(section, "emptyReason"))
    return [f"[{why}]"] if why else []
