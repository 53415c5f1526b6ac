"""The sections of a patient summary: which resources stand in which, and what is said of one that is empty.

After the International Patient Summary (http://hl7.org/fhir/uv/ips), which misses neither medicines nor allergies nor
problems.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.interchange.fhir.exported_resources import NOT_KNOWN, Resource, Row
from core.models import ConditionStatus, StatementKind

UNKNOWN = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
# Tobacco smoking status, alcoholic drinks a day.
HABITS = frozenset({"72166-2", "74013-4"})
STATED = (StatementKind.NEGATION, StatementKind.IMMUNIZATION, StatementKind.PROCEDURE)


@dataclass(frozen=True)
class Section:
    """A section: its title and LOINC code, and the words of an entry that says that nothing is known."""

    key: str
    title: str
    code: str
    empty: str = ""


MEDICINES = Section("medicines", "Medication Summary", "10160-0", "No information about medications")
ALLERGIES = Section("allergies", "Allergies and Intolerances", "48765-2", "No information about allergies")
PROBLEMS = Section("problems", "Problem List", "11450-4", "No information about problems")
PAST = Section("past", "History of Past Illness", "11348-0")
RESULTS = Section("results", "Results", "30954-2")
VITALS = Section("vitals", "Vital Signs", "8716-3")
IMMUNIZATIONS = Section("immunizations", "Immunizations", "11369-6")
SOCIAL = Section("social", "Social History", "29762-2")
PROCEDURES = Section("procedures", "History of Procedures", "47519-4")
VISITS = Section("visits", "Visits", "46240-8")
NOTES = Section("notes", "Notes", "34109-9")
STATEMENTS = Section("statements", "Also stated", "48767-8")
REPORTS = Section("reports", "Signed reports", "55107-7")
SECTIONS = (
    MEDICINES, ALLERGIES, PROBLEMS, IMMUNIZATIONS, RESULTS, VITALS, SOCIAL, PROCEDURES, PAST, VISITS, NOTES,
    STATEMENTS, REPORTS,
)  # fmt: skip
BY_TABLE = {"prescription": MEDICINES, "allergy": ALLERGIES, "visit": VISITS, "note": NOTES}
BY_STATED = {"Immunization": IMMUNIZATIONS, "Procedure": PROCEDURES, "AllergyIntolerance": ALLERGIES}


def section_of(table: str, row: Row, resource: Resource) -> Section | None:
    """The section in which a row's resource stands; None for what others refer to."""
    if table == "condition":
        return PROBLEMS if row["status"] == ConditionStatus.ACTIVE else PAST
    if table == "observation":
        codes = {coding["code"] for one in resource.get("category", ()) for coding in one.get("coding", ())}
        return VITALS if "vital-signs" in codes else SOCIAL if "social-history" in codes else RESULTS
    if table == "statement":
        # "Do not give", "ruled out": among the medicines or problems it could be read as its opposite.
        return BY_STATED.get(resource["resourceType"], STATEMENTS) if row["kind"] in STATED else STATEMENTS
    return BY_TABLE.get(table)


def habit(section: Section, resource: Resource) -> str | None:
    """The code of what the section takes one of: whether somebody smokes, whether somebody drinks."""
    codes = (
        {coding.get("code") for coding in resource.get("code", {}).get("coding", ())} if section is SOCIAL else set()
    )
    return next(iter(codes & HABITS), None)


def completed(section: Section, entry: Resource) -> Resource:
    """The entry with what its section may not miss, said to be unknown: who measured, when something was done."""
    resource = entry["resource"]
    if section in (RESULTS, SOCIAL) and "performer" not in resource:
        return entry | {"resource": resource | {"performer": [NOT_KNOWN]}}
    if section is PROCEDURES and not any(name.startswith("performed") for name in resource):
        return entry | {"resource": resource | {"_performedDateTime": NOT_KNOWN}}
    return entry


def nothing_known(section: Section, subject: Resource | None) -> Resource:
    """The entry of a section that may not be missing, where the record has nothing: it says that nothing is known."""
    if section is MEDICINES:
        return {
            "resourceType": "MedicationStatement",
            "status": "unknown",
            "medicationCodeableConcept": _unknown("no-medication-info", section),
            "subject": subject,
            "effectivePeriod": {"extension": [ABSENT]},
        }
    if section is ALLERGIES:
        return {
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": _active("allergyintolerance-clinical"),
            "code": _unknown("no-allergy-info", section),
            "patient": subject,
        }
    return {
        "resourceType": "Condition",
        "clinicalStatus": _active("condition-clinical"),
        "code": _unknown("no-problem-info", section),
        "subject": subject,
    }


ABSENT = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "not-applicable"}


def _unknown(code: str, section: Section) -> Resource:
    return {"coding": [{"system": UNKNOWN, "code": code, "display": section.empty}], "text": section.empty}


def _active(system: str) -> Resource:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": "active"}]}
