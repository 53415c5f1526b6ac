"""Documents of another system with files inside, imported."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from core.interchange import fhir
from core.interchange.summary import Summary
from tests import interchange_files as files

PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)
AT_VISIT, ALONE = "d-visit", "d-alone"


def coded(content: bytes) -> str:
    """Base64."""
    return base64.b64encode(content).decode()


def attachment(content: bytes, media: str, title: str | None = None) -> dict[str, Any]:
    """A content of a DocumentReference."""
    told = {"contentType": media, "data": coded(content)} | ({"title": title} if title else {})
    return {"attachment": told}


def document(own_id: str, *contents: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A DocumentReference of the patient."""
    about = {"status": "current", "subject": {"reference": f"urn:uuid:{files.PATIENT}"}, "date": "2020-03-01T09:00:00Z"}
    kind = {"type": {"text": "Discharge letter"}}
    return {"resourceType": "DocumentReference", "id": own_id, **about, **kind, "content": list(contents), **fields}


def bring(folder: Path, *resources: dict[str, Any]) -> Summary:
    """Import a patient with one visit of 2020 and these resources."""
    return fhir.import_path(files.bundle(folder, files.fhir_patient(), files.fhir_encounter(), *resources))


def bring_letters(folder: Path) -> Summary:
    """Two letters: one of the visit, with a text and two files, and one of no visit, a file alone."""
    at_visit = {"context": {"encounter": [{"reference": f"urn:uuid:{files.OTHER_VISIT}"}]}}
    text = attachment(b"She is well.", "text/plain")
    return bring(
        folder,
        document(
            AT_VISIT, text, attachment(PDF, "application/pdf", "Letter"), attachment(PNG, "text/plain"), **at_visit
        ),
        document(ALONE, attachment(JPEG, "image/jpeg", "Wound")),
    )
