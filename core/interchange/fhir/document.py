"""FHIR DocumentReference and DiagnosticReport: the texts of notes, each taken once."""

from __future__ import annotations

import base64
import binascii
import itertools
import re
from collections.abc import Container
from hashlib import blake2b
from typing import Any

from core.interchange.fhir import attached_files, markup_words, report_media
from core.interchange.fhir.attached_files import filled
from core.interchange.fhir.bundles import Resource, dig, each
from core.interchange.fhir.care_givers import written_by
from core.interchange.fhir.concepts import wording
from core.interchange.fhir.entry import Entry, Retracted, identifier
from core.interchange.source_rows import Record
from core.interchange.source_values import NOTE_CHARS_MAX, BadValue, text
from core.interchange.synthea.visit_notes import KIND_WITHOUT_NAME, note_text
from core.staging.attachments import Attachment

READABLE = ("text/plain", "text/html", "text/markdown", "text/x-markdown", "application/xhtml")
MARKUP = READABLE[1:]
_TEXTS = frozenset(("presentedForm", "conclusion", "conclusionCode", "media"))
UNDATED = "date is empty: nobody knows when it was written, and no visit of one day tells it"
LENT = "[The source tells no date of this: the day is that of its visit.]"
# How a report stands: whole, or as its status tells.
WHOLE, OPEN = ("final", "amended", "corrected", "appended"), ("registered", "partial", "preliminary", "unknown")
# Of the longest note: a character has four bytes at most, three of which base64 writes as four; lines may be short.
CODED_CHARS_MAX = NOTE_CHARS_MAX * 6
PART_CHARS = 1 << 18
CHARSET = re.compile(r"charset=([\w-]+)", re.IGNORECASE)


def document(entry: Entry) -> Record:
    """The note of a DocumentReference. Raises Retracted."""
    resource = entry.resource
    statuses = (resource.get("status"), resource.get("docStatus"))
    if "entered-in-error" in statuses:
        raise Retracted("its status is entered-in-error")
    told = ("superseded", "preliminary")
    entry.about["status"] = next((status for status in told if status in statuses), None)
    attachments = [dig(content, "attachment") for content in each(resource.get("content"))]
    visit = entry.visit(dig(resource, "context", "encounter", 0))
    author = "; ".join(filter(None, (written_by(one) for one in each(resource.get("author"))))) or None
    return note(entry, body=_body(entry, attachments), visit=visit, author=author, moment=_moment(resource))


def visit_of_undated(resource: Resource) -> Any:
    """The reference to the visit of a document, or of a report with a text, that tells no date; None of others."""
    if resource["resourceType"] == "DocumentReference":
        visit = dig(resource, "context", "encounter", 0)
    elif resource["resourceType"] == "DiagnosticReport" and not _TEXTS.isdisjoint(resource):
        visit = resource.get("encounter")
    else:
        return None
    return visit if visit is not None and not _moment(resource) else None


def dated(resource: Resource, day: str) -> Resource:
    """The resource with the day that its visit lends it."""
    return {**resource, "date" if resource["resourceType"] == "DocumentReference" else "issued": day}


def _moment(resource: Resource) -> Any:
    """When a document or report was written, or else what it is about took place, as far as it says so itself."""
    if resource["resourceType"] == "DiagnosticReport":
        told = (resource.get("issued"), resource.get("effectiveDateTime"), resource.get("effectivePeriod"))
        return told[0] or told[1] or dig(told[2], "start") or dig(told[2], "end")
    made = (dig(content, "attachment", "creation") for content in each(resource.get("content")))
    period = dig(resource, "context", "period")
    return resource.get("date") or dig(period, "start") or next(filter(None, made), None) or dig(period, "end")


def replaced_by(entry: Entry) -> list[str]:
    """The qualified ids of the documents that this one replaces."""
    others = [one for one in each(entry.resource.get("relatesTo")) if dig(one, "code") == "replaces"]
    # A Composition's target may be an identifier instead, which only resolves a reference.
    targets = [dig(one, "target") or dig(one, "targetReference") for one in others]
    return [found[1] for found in map(entry.resolver.find, targets) if found is not None]


def text_marks(resource: Resource) -> list[int]:
    """Numbers that stand for each text that a document holds or a report presents, and whom it is about."""
    attachments = [dig(content, "attachment") for content in each(resource.get("content"))]
    about = dig(resource, "subject", "reference") or dig(resource, "subject", "identifier", "value")
    if resource.get("status") == "entered-in-error":
        return []
    return [
        _mark(f"{about}|", data)
        for one in [*attachments, *each(resource.get("presentedForm"))]
        if isinstance(data := dig(one, "data") or dig(one, "url"), str)
    ]


def _mark(about: str, data: str) -> int:
    digest = blake2b(about.encode("utf-8", "replace"), digest_size=8)
    # Not the whole at once: that would be another copy of a long text.
    for at in range(0, len(data), PART_CHARS):
        digest.update(data[at : at + PART_CHARS].encode("utf-8", "replace"))
    return int.from_bytes(digest.digest())


def repeats_documents(resource: Resource, document_texts: Container[int]) -> bool:
    """Whether all that a report says stands in documents too."""
    marks = text_marks(resource) if resource.get("status") != "cancelled" else []
    told = len(each(resource.get("presentedForm"))) > len(marks) or _conclusion(resource) or resource.get("media")
    return bool(marks) and not told and all(mark in document_texts for mark in marks)


def report(entry: Entry) -> Record | None:
    """The note of a DiagnosticReport: its conclusion and what it presents; None if it has neither. Raises Retracted."""
    resource = entry.resource
    status = str(resource.get("status") or "unknown")
    if status in ("entered-in-error", "cancelled"):
        raise Retracted(f"its status is {status}")
    if status not in (*WHOLE, *OPEN):
        raise BadValue(f"status '{status[:30]}' is none that we know")
    forms = [*each(resource.get("presentedForm")), *report_media.attachments(entry)]
    told = _conclusion(resource)
    if not forms and not told:
        return None
    entry.about["status"] = None if status in WHOLE else status
    entry.about["resource"] = "DiagnosticReport"
    body = "\n\n".join(filter(None, (told, _body(entry, forms) if forms else "")))
    visit = entry.visit(resource.get("encounter"))
    moment = _moment(resource)
    author = written_by(dig(resource, "performer", 0))
    return note(entry, body=note_text(body, "conclusion"), visit=visit, author=author, moment=moment)


def _conclusion(resource: Resource) -> str:
    conclusion = resource.get("conclusion")
    told = conclusion.strip() if isinstance(conclusion, str) else ""
    codes = (wording(code) or "" for code in each(resource.get("conclusionCode")))
    coded = [words for words in codes if words and words.lower() not in told.lower()]
    return "\n".join(
        (*([f"Conclusion: {told}"] if told else []), *([f"Conclusion, coded: {'; '.join(coded)}"] if coded else []))
    )


def note(entry: Entry, *, body: str, visit: str | None, author: str | None, moment: Any) -> Record:
    """The Record of a note. Raises BadValue."""
    resource = entry.resource
    written_at = entry.dates.moment(moment, "date", "written_at")
    if written_at is None:
        raise BadValue(UNDATED)
    values = {
        "kind": text((wording(resource.get("type") or resource.get("code")) or "")[:120], 120, "type")
        or KIND_WITHOUT_NAME,
        "author": text(author, 200, "author"),
        "text": note_text(f"{LENT}\n\n{body}", "content") if entry.time_of else body,
        "written_at": written_at,
    }
    source_id = identifier(entry.identity or "", "id")
    record = entry.record("note", (source_id,), values, visit=visit, visit_at=written_at, source_id=source_id)
    # A first import brings an old version, named so; a later one takes away the row that it was shown as.
    record.attached = entry.attached
    record.ends_known = entry.about.get("status") == "superseded"
    return record


def _body(entry: Entry, attachments: list[Any]) -> str:
    """The texts of attachments, which are different forms of one document; of the files among them, the titles."""
    parts = [filled(entry, one) for one in attachments]
    readable, files = list(filter(_is_readable, parts)), list(itertools.filterfalse(_is_readable, parts))
    texts = _texts(readable)
    others = attached_files.take(entry, files, MARKUP)
    if not (texts or others):
        raise BadValue("it has no text inside, at most a link to one")
    linked = [one for one in readable if not isinstance(dig(one, "data"), str)]
    others = [*others, *attached_files.take(entry, linked, MARKUP)]
    entry.about["attachments"] = [list(one) if isinstance(one, Attachment) else one for one in others]
    return note_text("\n\n".join(dict.fromkeys(texts)) or _in_words(others), "content")


def _in_words(others: list[Attachment | str]) -> str:
    """What stands in the place of a text where there are files alone."""
    kept = [f"{one.title}, {one.media}" for one in others if isinstance(one, Attachment)]
    told = [f"[Attached: {'; '.join(kept)}]"] if kept else []
    left = [one for one in others if isinstance(one, str)]
    return "\n".join((*told, *([f"[Not kept here: {'; '.join(left)}]"] if left else [])))


def _texts(readable: list[Any]) -> list[str]:
    """Plain text before HTML before nothing."""
    plain = [one for one in readable if _media(one) == "text/plain"] or readable
    return list(filter(None, map(_text, plain)))


def _is_readable(attachment: Any) -> bool:
    return _media(attachment).startswith(READABLE)


def _media(attachment: Any) -> str:
    return attached_files.media(attachment, MARKUP)


def _text(attachment: Any) -> str | None:
    data = dig(attachment, "data")
    if not isinstance(data, str):
        return None
    if len(data) > CODED_CHARS_MAX and _media(attachment) == "text/plain":
        raise BadValue(f"its content has {len(data):,} characters of base64: at most {CODED_CHARS_MAX:,} fit")
    try:
        raw = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadValue("its content is not base64") from None
    found = CHARSET.search(str(dig(attachment, "contentType")))
    try:
        decoded = raw.decode(found[1] if found else "utf-8")
    except (UnicodeDecodeError, LookupError):
        raise BadValue(f"its content is not {found[1] if found else 'UTF-8'}") from None
    return decoded if _media(attachment) == "text/plain" else markup_words.words(decoded)
