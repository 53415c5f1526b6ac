"""The whole record as FHIR keeps the rules of an International Patient Summary that can be told from its structure.

After http://hl7.org/fhir/uv/ips (2.0.0) and FHIR's rules of documents. The guide's profiles are not in this repository:
what they ask for of a resource is written here. Of terminology bindings, only those of R4 itself are among these rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from core.interchange.fhir import summary_sections
from core.models import Patient, Role, Statement, said
from core.stores import databases
from tests.factories import (
    NOW,
    make_account,
    make_allergy,
    make_assay,
    make_condition,
    make_note,
    make_observation,
    make_patient,
    make_prescription,
    make_visit,
)
from tests.integration.web.conftest import Browser
from tests.ready_report import make_ready_report, sign_ready_report
from tests.taken_files import resources_of

# Each of the guide's sections, and what may stand in it.
SECTIONS = {
    "10160-0": {"MedicationRequest", "MedicationStatement"}, "48765-2": {"AllergyIntolerance"},
    "11450-4": {"Condition"}, "11369-6": {"Immunization"}, "30954-2": {"Observation", "DiagnosticReport"},
    "47519-4": {"Procedure"}, "8716-3": {"Observation"}, "11348-0": {"Condition"},
    "46264-8": {"DeviceUseStatement"}, "42348-3": {"Consent"}, "104605-1": {"Flag"}, "47420-5": {"Condition"},
    "10162-6": {"Observation"}, "81338-6": set(), "18776-5": {"CarePlan"}, "29762-2": {"Observation"},
}  # fmt: skip
REQUIRED = {"10160-0": "no-medication-info", "48765-2": "no-allergy-info", "11450-4": "no-problem-info"}
# What may not be missing, nor be said by a text alone, of a resource that stands in one of the guide's sections.
ASKED_FOR = {
    "AllergyIntolerance": ("code", "patient"), "Condition": ("code", "subject"),
    "MedicationRequest": ("status", "intent", "medication", "subject"),
    "MedicationStatement": ("status", "medication", "subject", "effective"),
    "Immunization": ("status", "vaccineCode", "patient", "occurrence"),
    "Procedure": ("status", "code", "subject", "performed"),
    "Observation": ("status", "category", "code", "subject", "effective", "performer"),
}  # fmt: skip
CATEGORIES = {
    "social-history",
    "vital-signs",
    "imaging",
    "laboratory",
    "procedure",
    "survey",
    "exam",
    "therapy",
    "activity",
}
OF_VITAL_SIGNS = ("status", "category", "code", "subject", "effective")
# What the guide has no section for: under codes of LOINC that it does not use.
OURS = {one.code for one in (summary_sections.VISITS, summary_sections.NOTES, summary_sections.STATEMENTS,
                             summary_sections.REPORTS)}  # fmt: skip

STATED = {"immunization": "Immunization", "procedure": "Procedure", "do-not-give": "MedicationRequest"}


@pytest.fixture
def full(signed_in: Browser, patient: Patient, sync_replica: Callable[[], None]) -> dict[str, Any]:
    """The summary of a patient of whom there is something of each kind, and a signed report."""
    with databases.write() as session:
        doctor = make_account(session)
        ready = make_ready_report(session, patient, doctor)
    sign_ready_report(ready, doctor)
    with databases.write() as session:
        visit = make_visit(session, patient, started_at=NOW)
        pulse = make_assay(session, code="8867-4", short_name="Heart rate", category="vital-signs")
        make_observation(session, visit, pulse, "77")
        make_observation(session, visit, make_assay(session, code="X", short_name="Years", category="other"), "3")
        smoking = make_assay(session, code="72166-2", short_name="Tobacco smoking", category="social-history")
        for years, told in ((0, "Former smoker"), (3, "Smokes daily")):
            make_observation(
                session, visit, smoking, None, value_text=told, observed_at=NOW - timedelta(days=365 * years)
            )
        make_allergy(session, patient)
        make_condition(session, patient)
        make_condition(session, patient, name="Measles", status="resolved", visit_id=visit.id)
        make_prescription(session, patient, visit_id=visit.id)
        make_prescription(session, patient, medication="Warfarin 5 mg tablet", status="stopped", visit_id=visit.id)
        make_note(session, visit)
        for kind, resource in STATED.items():
            text, kept = f"A {kind}", said.write({"resource": resource})
            session.add(Statement(patient_id=patient.id, kind=kind, text=text, said=kept))
    sync_replica()
    return dict(signed_in.get("/record/download/fhir").json)


@pytest.fixture
def empty(another_browser: Callable[[], Browser], sync_replica: Callable[[], None], database: Any) -> dict[str, Any]:
    """The summary of a patient of whom nothing is known, not even the birth date."""
    with databases.write() as session:
        someone = make_patient(session, name="Lim", birth_on=None)
        account = make_account(session, role=Role.PATIENT, patient_id=someone.id)
    browser = another_browser()
    browser.sign_in(account)
    sync_replica()
    return dict(browser.get("/record/download/fhir").json)


def references(value: Any) -> Iterator[str]:
    """Every reference in a resource, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def check(bundle: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rules that hold of every summary; gives its sections by code."""
    Bundle.model_validate(bundle)
    assert bundle["type"] == "document"
    assert bundle["identifier"]["value"].startswith("urn:uuid:")
    assert bundle["timestamp"]
    by_url = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    assert len(by_url) == len(bundle["entry"])
    composition = bundle["entry"][0]["resource"]
    assert (composition["resourceType"], composition["status"]) == ("Composition", "final")
    assert composition["type"]["coding"][0] == {
        "system": "http://loinc.org", "code": "60591-5", "display": "Patient summary Document",
    }  # fmt: skip
    assert by_url[composition["subject"]["reference"]]["resourceType"] == "Patient"
    assert {by_url[author["reference"]]["resourceType"] for author in composition["author"]} == {"Device"}
    assert resources_of(bundle, "Composition") == [composition]
    check_links(bundle, by_url)
    sections = {section["code"]["coding"][0]["code"]: section for section in composition["section"]}
    assert len(sections) == len(composition["section"])
    assert REQUIRED.keys() <= sections.keys() <= SECTIONS.keys() | OURS
    for code, section in sections.items():
        assert section["title"]
        lines = re.findall(r"<li>(.*?)</li>", section["text"]["div"])
        assert lines, code
        assert all(re.search(r"\w", line) for line in lines), (code, lines)
        kinds = {by_url[entry["reference"]]["resourceType"] for entry in section["entry"]}
        assert kinds, code
        assert code in OURS or kinds <= SECTIONS[code], (code, kinds)
        if code not in OURS:
            for entry in section["entry"]:
                check_asked_for(by_url[entry["reference"]], is_vital_sign=code == "8716-3")
    return sections


def check_asked_for(resource: dict[str, Any], *, is_vital_sign: bool) -> None:
    """Each element is there: with what it says, or with the reason why it does not."""
    there = {name.removeprefix("_") for name in resource}
    for name in OF_VITAL_SIGNS if is_vital_sign else ASKED_FOR[resource["resourceType"]]:
        assert any(told == name or re.fullmatch(f"{name}[A-Z].*", told) for told in there), (name, resource)
    assert not resource.get("doNotPerform"), resource
    told = [coding["code"] for one in resource.get("category", ()) if "coding" in one for coding in one["coding"]]
    assert resource["resourceType"] != "Observation" or set(told) <= CATEGORIES


def check_links(bundle: dict[str, Any], by_url: dict[str, Any]) -> None:
    """Nothing points out of the document, and nothing in it is out of reach: a provenance is reached by its target."""
    everywhere = {reference for entry in bundle["entry"] for reference in references(entry["resource"])}
    assert everywhere <= by_url.keys()
    reached, left = set(), [bundle["entry"][0]["fullUrl"]]
    while left:
        url = left.pop()
        if url not in reached:
            reached.add(url)
            left += references(by_url[url])
            left += [
                other for other, resource in by_url.items()
                if resource["resourceType"] == "Provenance" and url in references(resource["target"])
            ]  # fmt: skip
    assert by_url.keys() - reached == set()


def test_a_summary_of_everything_keeps_the_rules(full: dict[str, Any]) -> None:
    sections = check(full)
    assert sections.keys() >= {*REQUIRED, "11369-6", "30954-2", "47519-4", "8716-3", "11348-0", *OURS}
    assert "absent-unknown" not in str(full)
    (who,) = resources_of(full, "Patient")
    assert (who["birthDate"], who["name"][0]["text"]) == ("1961-03-14", "Tan Mei Ling")
    for result in resources_of(full, "Observation"):
        assert result["subject"]["reference"]
        assert result["effectiveDateTime"]
    report = next(one for one in resources_of(full, "DocumentReference") if one.get("description") == "Health report")
    assert report["meta"]["security"][0]["code"] == "AIAST"
    assert report["docStatus"] == "final"
    targets = [reference for one in resources_of(full, "Provenance") for reference in references(one["target"])]
    assert len(targets) >= 2


def test_the_text_of_a_section_says_what_its_reader_may_not_miss(full: dict[str, Any]) -> None:
    """A system that shows only the texts shows values, what is no longer taken, and what may not be given."""
    told = {one["title"]: one["text"]["div"] for one in resources_of(full, "Composition")[0]["section"]}
    assert "Do not give: A do-not-give" in told["Also stated"]
    assert re.search(r"Warfarin 5 mg tablet, [^<]*stopped", told["Medication Summary"])
    assert re.search(r"<li>[^<]*: 77 %, high, 20\d\d-\d\d-\d\d</li>", told["Vital Signs"])
    assert re.search(r"Measles, resolved", told["History of Past Illness"])


def test_the_newest_word_on_smoking_stands_alone_in_its_section(full: dict[str, Any]) -> None:
    sections = check(full)
    by_url = {entry["fullUrl"]: entry["resource"] for entry in full["entry"]}
    (social,) = [by_url[entry["reference"]] for entry in sections["29762-2"]["entry"]]
    assert social["valueString"] == "Former smoker"
    among_results = [by_url[entry["reference"]].get("valueString") for entry in sections["30954-2"]["entry"]]
    assert "Smokes daily" in among_results
    assert "Former smoker" not in among_results


def test_a_summary_of_nothing_says_so_in_each_section_that_may_not_be_missing(empty: dict[str, Any]) -> None:
    sections = check(empty)
    by_url = {entry["fullUrl"]: entry["resource"] for entry in empty["entry"]}
    told = {
        code: [by_url[entry["reference"]] for entry in section["entry"]]
        for code, section in sections.items() if code in REQUIRED
    }  # fmt: skip
    for code, (resource,) in told.items():
        words = resource.get("medicationCodeableConcept") or resource["code"]
        assert words["coding"][0]["code"] == REQUIRED[code]
    (who,) = resources_of(empty, "Patient")
    assert who["_birthDate"]["extension"][0]["valueCode"] == "unknown"
