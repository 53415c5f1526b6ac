"""A note as the DocumentReference or DiagnosticReport that it came as, with its files."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

from core.interchange.fhir.exported_resources import Resource, Row, concept, dated
from core.interchange.fhir.exported_values import bare
from core.models import said
from core.staging import attachments
from core.staging.attachments import Attachment, named_in, titles_in

NO_TITLE = "without a title"
NOT_FINAL = ("preliminary", "registered", "partial")


def note(row: Row) -> Resource:
    """A note of ours. Raises StagingError."""
    parts, written = said.read(row["said"]), dated(row, "written_at")
    # The date of a document is an instant; a day alone stands with its content.
    is_instant = "T" in (written or "")
    contents = list(_contents(row, parts, None if is_instant else written))
    make = _report if parts.get("resource") == "DiagnosticReport" else _document
    return make(row, parts, contents) | ({_DATE[make]: written} if is_instant else {})


def _document(row: Row, parts: dict[str, Any], contents: list[Resource]) -> Resource:
    return {
        "resourceType": "DocumentReference",
        "status": "superseded" if parts.get("status") == "superseded" else "current",
        "docStatus": "preliminary" if parts.get("status") in NOT_FINAL else None,
        "type": concept(row["kind"]),
        "author": [{"display": row["author"]}] if row["author"] else [],
        "content": [{"attachment": one} for one in contents],
    }


def _report(row: Row, parts: dict[str, Any], contents: list[Resource]) -> Resource:
    return {
        "resourceType": "DiagnosticReport",
        "status": parts.get("status", "final"),
        "code": concept(row["kind"]),
        "effectiveDateTime": contents[0].pop("creation", None),
        "performer": [{"display": row["author"]}] if row["author"] else [],
        "presentedForm": contents,
    }


_DATE = {_document: "date", _report: "issued"}


def _contents(row: Row, parts: dict[str, Any], made: str | None) -> Iterator[Resource]:
    """The text, the files with their content, and the titles of those that are not kept."""
    data, told = base64.b64encode(row["text"].encode()).decode(), parts.get("attachments")
    yield bare({"contentType": "text/plain; charset=utf-8", "data": data, "creation": made})
    yield from _kept(row, named_in(told))
    yield from map(_not_kept, titles_in(told))


def _kept(row: Row, files: Sequence[Attachment]) -> Iterator[Resource]:
    """The files of a note, with their content. Raises StagingError: a part must not look whole."""
    for one in files:
        content = base64.b64encode(attachments.read(row["patient_id"], one)).decode()
        told = {"contentType": one.media, "data": content, "size": one.size, "title": _titled(one.title)}
        yield bare(told)


def _titled(title: str) -> str | None:
    return title if title != NO_TITLE else None


def _not_kept(told: str) -> Resource:
    title, _, media = told.rpartition(", ")
    return bare({"contentType": media.split(" (", 1)[0], "title": _titled(title)})
