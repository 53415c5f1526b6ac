"""FHIR DocumentReference and DiagnosticReport.presentedForm: the texts of notes, each taken once."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from core.interchange.fhir.bundles import References, Resource, dig, each, wording
from core.interchange.fhir.child import patient_of
from core.interchange.fhir.patient import written_by
from core.interchange.source_rows import Record
from core.interchange.source_values import BadValue, identifier, instant, text
from core.interchange.summary import Place
from core.interchange.synthea.visit_notes import KIND_WITHOUT_NAME, note_text


def document(resource: Resource, place: Place, references: References) -> Record:
    """The note of a DocumentReference."""
    if resource.get("status") == "entered-in-error":
        raise BadValue("it was entered in error")
    attachments = [dig(content, "attachment") for content in each(resource.get("content"))]
    visit = references.id_of(dig(resource, "context", "encounter", 0))
    author = written_by(dig(resource, "author", 0))
    moment = resource.get("date")
    return _note(resource, place, references, body=_text(attachments), visit=visit, author=author, moment=moment)


def report(resource: Resource, place: Place, references: References) -> Record | None:
    """The note of a DiagnosticReport that presents one, else None."""
    forms = each(resource.get("presentedForm"))
    if not forms or resource.get("status") in ("entered-in-error", "cancelled"):
        return None
    visit = references.id_of(resource.get("encounter"))
    moment = resource.get("issued") or resource.get("effectiveDateTime")
    author = written_by(dig(resource, "performer", 0))
    return _note(resource, place, references, body=_text(forms), visit=visit, author=author, moment=moment)


def _note(
    resource: Resource,
    place: Place,
    references: References,
    *,
    body: str,
    visit: str | None,
    author: str | None,
    moment: Any,
) -> Record:
    kind = resource.get("type") or resource.get("code")
    source_id, written_at = identifier(resource.get("id"), "id"), instant(moment, "date")
    values = {
        "kind": text(wording(kind), 120, "type") or KIND_WITHOUT_NAME,
        "author": author,
        "text": body,
        "written_at": written_at,
    }
    return Record(
        "note",
        place,
        (source_id,),
        values,
        patient=patient_of(resource, references),
        visit=visit,
        visit_at=written_at,
        source_id=source_id,
    )


def _text(attachments: list[Any]) -> str:
    parts = []
    for attachment in attachments:
        kind = str(dig(attachment, "contentType") or "text/plain")
        if not kind.startswith("text/"):
            raise BadValue(f"its content is {kind[:60]}, not text")
        data = dig(attachment, "data")
        if not isinstance(data, str):
            raise BadValue("it has no text inside, at most a link to one")
        try:
            parts.append(base64.b64decode(data, validate=True).decode())
        except (binascii.Error, ValueError) as fault:
            what = "UTF-8" if isinstance(fault, UnicodeDecodeError) else "base64"
            raise BadValue(f"its content is not {what}") from None
    return note_text("\n\n".join(parts), "content")
