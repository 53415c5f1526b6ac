"""A signed report as a Composition or as a document among others, with Provenance for it and for each claim."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence, Set
from html import escape

from core.interchange.fhir.code_names import LOINC
from core.interchange.fhir.exported_entries import Names
from core.interchange.fhir.exported_resources import TERMINOLOGY, Resource, concept, moment
from core.queries.reports import SignedReport
from core.queries.reports.signed_reports import SignedClaim

AI_ASSERTED = {
    "system": f"{TERMINOLOGY}/v3-ObservationValue",
    "code": "AIAST",
    "display": "Artificial Intelligence asserted",
}
INLINE_LABEL = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"
TARGET_ELEMENT = "http://hl7.org/fhir/StructureDefinition/targetElement"
SIGNED = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.5", "display": "Verification Signature"}
XHTML = "http://www.w3.org/1999/xhtml"
TITLE, TYPE = "Health report", ("Summary of episode note", LOINC, "34133-9")
# What rows are called in a report's citations, for those that are not in the bundle themselves.
ROWS = "urn:strata:row"


def entries(report: SignedReport, names: Names, present: Set[str], *, as_document: bool = False) -> Iterator[Resource]:
    """The report, what drafted it, and where it and its claims come from; `present`: cited rows in the bundle.

    A patient summary has one Composition, its own: a report stands in it as a document.
    """
    yield names.entry("report", report.id, (document if as_document else composition)(report, names, present))
    yield names.entry("device", report.model or "", device(report.model))
    yield names.entry("provenance", f"report-{report.id}", _of_report(report, names))
    for claim in report.claims:
        yield names.entry("provenance", f"claim-{claim.id}", _of_claim(report, claim, names, present))


def composition(report: SignedReport, names: Names, present: Set[str]) -> Resource:
    """The report itself; each claim is a section with an id of its own."""
    replaced = names.reference("report", report.replaces_id)
    return {
        "resourceType": "Composition",
        "meta": _labelled(report),
        "status": "final",
        "type": concept(*TYPE),
        "subject": names.reference("patient", names.patient_id),
        "date": moment(report.signed_at),
        "author": [_device(report, names), _signer(report)],
        "title": TITLE,
        "attester": [{"mode": "professional", "time": moment(report.signed_at), "party": _signer(report)}],
        "relatesTo": [{"code": "replaces", "targetReference": replaced}] if replaced else [],
        "section": [
            {"title": title, "section": [_section(claim, names, present) for claim in claims]}
            for title, claims in report.sections
        ],
    }


def document(report: SignedReport, names: Names, present: Set[str]) -> Resource:
    """The report as a document; in its narrative each claim has an id of its own."""
    replaced = names.reference("report", report.replaces_id)
    cited = dict.fromkeys(ref for claim in report.claims for ref in claim.refs if ref in present)
    text = base64.b64encode(_plain(report).encode()).decode()
    return {
        "resourceType": "DocumentReference",
        "meta": _labelled(report),
        "text": narrative("".join(_told(title, claims) for title, claims in report.sections)),
        "status": "superseded" if report.replaced_by_id else "current",
        "docStatus": "final",
        "type": concept(*TYPE),
        "subject": names.reference("patient", names.patient_id),
        "date": moment(report.signed_at),
        "author": [_device(report, names), _signer(report)],
        "authenticator": _signer(report),
        "relatesTo": [{"code": "replaces", "target": replaced}] if replaced else [],
        "description": TITLE,
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": text, "title": TITLE}}],
        "context": {"related": [_row(ref, names) for ref in cited]} if cited else None,
    }


def _labelled(report: SignedReport) -> Resource | None:
    return {"security": [AI_ASSERTED]} if _is_drafted(report) else None


def _is_drafted(report: SignedReport) -> bool:
    return not all(claim.is_edited for claim in report.claims)


def _told(title: str, claims: Sequence[SignedClaim]) -> str:
    listed = "".join(f'<p id="claim-{claim.id}">{escape(claim.text)}</p>' for claim in claims)
    return f"<h2>{escape(title)}</h2>{listed}"


def _plain(report: SignedReport) -> str:
    """The whole text. Who drafted it comes first: a reader may show the text and no label."""
    drafted = f"Drafted by software ({report.model or 'unknown'}). " if _is_drafted(report) else ""
    head = f"{drafted}Checked and signed by {report.signed_by}, {report.signed_at:%Y-%m-%d}."
    parts = ["\n".join([title, *(claim.text for claim in claims)]) for title, claims in report.sections]
    return "\n\n".join([head, *parts])


def device(model: str | None) -> Resource:
    """The software that drafted a report."""
    return {
        "resourceType": "Device",
        "deviceName": [{"name": model or "unknown", "type": "model-name"}],
        "type": concept("software that drafts reports"),
    }


def narrative(body: str) -> Resource:
    """A Narrative of XHTML."""
    return {"status": "generated", "div": f'<div xmlns="{XHTML}">{body}</div>'}


def _section(claim: SignedClaim, names: Names, present: Set[str]) -> Resource:
    label = [] if claim.is_edited else [{"url": INLINE_LABEL, "valueCoding": AI_ASSERTED}]
    return {
        "id": f"claim-{claim.id}",
        "extension": label,
        "text": narrative(f"<p>{escape(claim.text)}</p>"),
        "entry": [_row(ref, names) for ref in claim.refs if ref in present],
    }


def _row(ref: str, names: Names) -> Resource | None:
    table, _, row_id = ref.partition(":")
    return names.reference(table, int(row_id))


def _of_report(report: SignedReport, names: Names) -> Resource:
    return {
        "resourceType": "Provenance",
        "target": [names.reference("report", report.id)],
        "recorded": moment(report.signed_at),
        "agent": [_agent("author", _device(report, names)), _agent("legal", _signer(report))],
        "signature": [{"type": [SIGNED], "when": moment(report.signed_at), "who": _signer(report)}],
    }


def _of_claim(report: SignedReport, claim: SignedClaim, names: Names, present: Set[str]) -> Resource:
    target = names.reference("report", report.id) or {}
    element = {"url": TARGET_ELEMENT, "valueUri": f"claim-{claim.id}"}
    author = {"display": "a clinician"} if claim.is_edited else _device(report, names)
    return {
        "resourceType": "Provenance",
        "meta": None if claim.is_edited else {"security": [AI_ASSERTED]},
        "target": [target | {"extension": [element]}],
        "recorded": moment(report.signed_at),
        "agent": [_agent("author", author), _agent("verifier", _signer(report))],
        "entity": [{"role": "source", "what": _source(ref, names, present)} for ref in claim.refs],
    }


def _source(ref: str, names: Names, present: Set[str]) -> Resource:
    told = {"identifier": {"system": ROWS, "value": ref}}
    return told | ((_row(ref, names) or {}) if ref in present else {})


def _agent(kind: str, who: Resource) -> Resource:
    return {"type": concept(None, f"{TERMINOLOGY}/provenance-participant-type", kind), "who": who}


def _device(report: SignedReport, names: Names) -> Resource:
    return names.reference("device", report.model or "", report.model) or {}


def _signer(report: SignedReport) -> Resource:
    return {"display": report.signed_by}
