"""Attachments are what they are, whatever they are called; what is no text is named and not shown as one."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.fhir_cases import AT, about, only, read_with

PDF = b"%PDF-1.7\n1 0 obj"
PNG = b"\x89PNG\r\n\x1a\n0000"
CDA = b'<?xml version="1.0"?><ClinicalDocument><title>Discharge</title></ClinicalDocument>'


def _attached(data: bytes | None, **fields: Any) -> dict[str, Any]:
    inside = {"data": base64.b64encode(data).decode()} if data is not None else {}
    return {"attachment": inside | fields}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([_attached(PDF)], "[Attached: without a title, application/pdf]"),
        ([_attached(PDF, contentType="text/plain", title="Letter")], "[Attached: Letter, application/pdf]"),
        ([_attached(PNG, contentType="text/html")], "[Attached: without a title, image/png]"),
        ([_attached(b"{\\rtf1 Hello}", contentType="text/plain")], "[Not kept here: without a title, text/rtf]"),
        ([_attached(CDA, contentType="text/xml", title="CCD")], "[Not kept here: CCD, application/xml]"),
        ([_attached(CDA, contentType="application/xml")], "[Not kept here: without a title, application/xml]"),
        ([_attached(b"<p>Seen &amp; well</p>", contentType="text/html")], "Seen & well"),
        ([_attached(b"Seen", contentType="text/plain; charset=utf-8"), _attached(PDF)], "Seen"),
        ([_attached(b"<div>Seen</div>", contentType="application/xhtml")], "Seen"),
        ([_attached(b"# Seen", contentType="text/markdown")], "# Seen"),
        ([_attached("Wéll".encode("latin-1"), contentType="text/plain;charset=ISO-8859-1")], "Wéll"),
    ],
)
def test_an_attachment_is_what_it_is(tmp_path: Path, content: list[Any], text: str) -> None:
    population, summary = read_with(tmp_path, about("DocumentReference", status="current", date=AT, content=content))
    assert not summary.refusals
    assert only(population, "note").values["text"] == text


@pytest.mark.parametrize(
    "dated",
    [
        {"content": [_attached(b"Seen", creation="2026-10-05")]},
        {"content": [_attached(b"Seen")], "context": {"period": {"start": "2026-10-05"}}},
        {"content": [_attached(b"Seen")], "date": "2026-10-05"},
    ],
)
def test_when_a_document_was_written(tmp_path: Path, dated: dict[str, Any]) -> None:
    population, _ = read_with(tmp_path, about("DocumentReference", status="current", **dated))
    assert only(population, "note").values["written_at"].date().isoformat() == "2026-10-05"
