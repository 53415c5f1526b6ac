"""The pictures that a DiagnosticReport names (`media`): Media that came along, kept beside its text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.interchange.fhir.bundles import Resource, dig, each
from core.interchange.fhir.entry import Entry

GONE = ("entered-in-error", "not-done")
NOT_SENT = "a picture that was not sent"


def attachments(entry: Entry) -> list[Any]:
    """The attachments of a report's Media, each under what the report or the Media calls it."""
    return [one for link in each(entry.resource.get("media")) for one in _attached(entry, link)]


def _attached(entry: Entry, link: Any) -> Iterator[Any]:
    reference, comment = dig(link, "link"), dig(link, "comment")
    media = entry.resolver.content(reference) if reference is not None else None
    content = dig(media, "content")
    told = [comment, dig(content, "title"), dig(reference, "display")]
    title = next((words for words in told if isinstance(words, str) and words.strip()), None)
    if dig(media, "status") in GONE:
        return
    if not isinstance(content, dict) or not _is_of_patient(entry, media):
        yield {"title": title or NOT_SENT, "contentType": "image"}
        return
    yield {"contentType": "image", **content, **({"title": title} if title else {})}


def _is_of_patient(entry: Entry, media: Any) -> bool:
    """Whether a Media is about the patient of the report; one that names nobody is."""
    about = dig(media, "subject")
    found = entry.resolver.find_if_clear(about) if about is not None else None
    return about is None or (found is not None and found[1] == entry.patient())


def names(resource: Resource) -> set[str]:
    """What a report calls the Media that it names."""
    found = (dig(one, "link", "reference") for one in each(resource.get("media")))
    return {name.split("/_history/", 1)[0].rsplit("/", 1)[-1].rsplit(":", 1)[-1] for name in found
            if isinstance(name, str)}  # fmt: skip
