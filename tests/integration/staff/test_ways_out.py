"""Every way out of the database, tried with words that were planted in a visit kept apart: none lets them through.

The ways are all pages of staff and all commands; a new one fails here until it is in one of the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from cli import strata
from core.models import Citation, Claim, Omission, Patient, Report, ReportState, SensitiveVisit, Visit, utc_now
from core.models.hashed_columns import newest_version
from core.queries import evidence
from core.queries.clinic_quarters import Quarter
from core.queries.reports import since_draft
from core.sources import references
from core.stores import databases
from core.stores.databases import Store
from tests.factories import (
    make_account,
    make_assay,
    make_condition,
    make_note,
    make_observation,
    make_prescription,
    make_visit,
)
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.test_staff_access import VALUES, verb_of
from tests.integration.staff.test_staff_apart import let_see
from tests.integration.staff.test_staff_archive import drive, start
from tests.ready_report import make_ready_report, sign_ready_report
from tests.taken_files import words_of

MARK = "Zirconquest"
REASON = "a copy for the patient herself"
TAKEN = ("patients/{patient_id}", "patients/{patient_id}/results/{assay_id}", "reports/{report_id}")
FORMS = ("/patients?q=Tan", "/patients/{patient_id}?all=1", "/patients/{patient_id}/history",
         "/reports?list=closed", "/reports?list=all", "/audit?patient={patient_id}",
         "/reports/{report_id}/review?claim={claim_id}",
         *(f"/{what}/download/{form}" for form in ("pdf", "csv", "fhir") for what in TAKEN))  # fmt: skip

# What each command is tried with, if it says anything of a record.
COMMANDS = {
    "export fhir": ["--patient", "{patient_id}"],
    "report show": ["{report_id}"],
    "report trace": ["{report_id}", "--out", "{file}"],
    "report case": ["{report_id}", "--claim", "{claim_id}", "--label", "supported"],
    "report list": ["--model", "strata-offline-rules", "--json"],
    "audit export": [],
    "archive status": [],
    "archive plan": ["--type", "visit"],
    "alerts list": [],
    "picture clinics": [],
    "picture rebuild": [],
}
HAS_NOTHING_TO_SAY = ("report case", "archive status")
# These only take in, keep in order, or speak of the installation; `report request` prints as `report show` does.
WITHOUT_RECORDS = {
    "demo", "init", "doctor", "serve", "worker", "schedule", "import fhir", "import synthea", "generate",
    "archive erase", "archive hold", "archive pause", "archive redrive", "archive restore", "archive resume",
    "archive run", "archive compact", "archive estimate",
    "report amend", "report halt", "report notify-signers", "report request", "report resume",
    "report verify-trace", "report withdraw", "eval history", "eval list", "eval run", "model canary", "model list",
    "model propose", "model retire", "model use", "alerts evaluate", "alerts history", "audit verify", "audit seal",
    "redis-users", "keys", "reseal", "account add", "account code", "account open", "eval record",
}  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """A visit that is kept apart, and a report that was drafted from it before, of which every word says MARK."""

    patient: Patient
    visit: Visit
    assay_id: int
    report_id: int
    claim_id: int

    @property
    def values(self) -> dict[str, Any]:
        return {
            **VALUES, "patient_id": self.patient.id, "visit_id": self.visit.id, "assay_id": self.assay_id,
            "report_id": self.report_id, "claim_id": self.claim_id, "clinic_id": self.visit.clinic_id,
            "quarter": str(Quarter.of(self.visit.started_at.date())),
        }  # fmt: skip


def plant(patient: Patient, state: ReportState, *, days_ago: int) -> Planted:
    """The report is as if it had been drafted in the moment before the visit was kept apart."""
    with databases.write() as session:
        visit, assay_id = _visit(session, patient, days_ago)
        doctor = make_account(session)
        ready = make_ready_report(session, patient, doctor)
        _say_it(session, ready.id, visit)
    if state is ReportState.SIGNED:
        sign_ready_report(ready, doctor)
    elif state is not ReportState.READY:
        with databases.write() as session:
            session.execute(update(Report).where(Report.id == ready.id).values(state=state, closed_at=utc_now()))
    with databases.write() as session:
        session.add(SensitiveVisit(visit_id=visit.id, patient_id=patient.id, category="MH", set_by=0))
    return Planted(patient, visit, assay_id, ready.id, ready.supported_id)


def _visit(session: Session, patient: Patient, days_ago: int) -> tuple[Visit, int]:
    day = utc_now() - timedelta(days=days_ago)
    visit = make_visit(session, patient, description=f"{MARK} clinic", reason=MARK, started_at=day)
    make_note(session, visit, f"{MARK} note", author=MARK, kind=MARK)
    assay = make_assay(session, code="5196-1", name="Hepatitis B surface Ag", short_name="HBsAg")
    make_observation(session, visit, assay, None, value_text=MARK)
    make_condition(session, patient, visit_id=visit.id, name=f"{MARK} disease")
    make_prescription(session, patient, visit_id=visit.id, medication=f"{MARK} 5 mg", instructions=MARK, reason=MARK)
    return visit, assay.id


def _say_it(session: Session, report_id: int, visit: Visit) -> None:
    """Every claim tells of the visit and cites it, and so does an omission."""
    row = session.execute(select(Visit.__table__).where(Visit.__table__.c.id == visit.id)).mappings().one()
    ref, of_row = f"visit:{visit.id}", references.content_hash("visit", row)
    session.execute(update(Claim).where(Claim.report_id == report_id).values(text=f"Seen at the {MARK} clinic."))
    for claim_id in session.scalars(select(Claim.id).where(Claim.report_id == report_id)).all():
        about = {"report_id": report_id, "claim_id": claim_id, "hash_version": newest_version("visit")}
        session.add(Citation(**about, ref=ref, content_hash=of_row))
    session.execute(insert(Omission).values(report_id=report_id, ref=ref, reason=f"{MARK} is not mentioned."))


def addresses(app: Flask, planted: Planted) -> Iterator[str]:
    """Every page of the staff portal, with the numbers of what was planted."""
    adapter = app.url_map.bind("staff.localhost")
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            given = {name: planted.values.get(name) for name in rule.arguments}
            yield adapter.build(rule.endpoint, given | ({"verb": verb_of(rule)} if "verb" in given else {}))
    yield from (form.format_map(planted.values) for form in FORMS)


def commands(group: click.Command = strata, *names: str) -> Iterator[str]:
    if not isinstance(group, click.Group):
        yield " ".join(names)
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        made = group.get_command(context, name)
        assert made is not None
        yield from commands(made, *names, name)


@pytest.fixture(params=[ReportState.READY, ReportState.SIGNED, ReportState.REJECTED, "archived"])
def planted(request: pytest.FixtureRequest, patient: Patient, admin: StaffBrowser) -> Planted:
    if request.param != "archived":
        return plant(patient, request.param, days_ago=3)
    made = plant(patient, ReportState.READY, days_ago=800)
    drive(start(admin))
    with databases.read(Store.HOT) as session:
        assert session.get(Visit, made.visit.id) is None
    return made


def test_on_no_page_of_staff(app: Flask, planted: Planted, signed_in: Any) -> None:
    for role in ("clinician", "admin", "auditor"):
        browser = signed_in(role)
        told = [address for address in addresses(app, planted) if MARK in words_of(browser.get(address))]
        assert told == [], role


def test_whoever_was_let_in_reads_it(app: Flask, planted: Planted, clinician: StaffBrowser) -> None:
    """What was planted is there to be found."""
    let_see(clinician, planted.patient, planted.visit)
    told = {address for address in addresses(app, planted) if MARK in words_of(clinician.get(address))}
    patient = f"/patients/{planted.patient.id}"
    assert {patient, f"{patient}/visits/{planted.visit.id}", f"/reports/{planted.report_id}/review"} <= told
    assert {f"{patient}/download/{form}" for form in ("pdf", "csv", "fhir")} <= told


def test_by_no_command(planted: Planted, sync_replica: Any, tmp_path: Path) -> None:
    assert set(commands()) == COMMANDS.keys() | WITHOUT_RECORDS
    sync_replica()
    for name, arguments in COMMANDS.items():
        file = tmp_path / name
        given = [part.format_map({**planted.values, "file": file}) for part in arguments]
        result = CliRunner().invoke(strata, [*name.split(), *given])
        assert result.exit_code == 0 or name in HAS_NOTHING_TO_SAY, f"{name}: {result.output}"
        assert MARK not in result.output + (file.read_text() if file.exists() else ""), name


def test_in_nothing_that_a_draft_is_made_from(planted: Planted, sync_replica: Any) -> None:
    sync_replica()
    assert MARK not in str(evidence.collect(planted.patient.id))
    with databases.read(Store.HOT) as session:
        assert MARK not in str(since_draft.differences(session, planted.report_id, planted.patient.id))


def test_the_patients_own_copy_has_it_for_a_reason_on_the_trail(planted: Planted, auditor: StaffBrowser) -> None:
    export = ["export", "fhir", "--patient", str(planted.patient.id)]
    part, whole = CliRunner().invoke(strata, export), CliRunner().invoke(strata, [*export, "--with-kept-apart", REASON])
    assert '"REDACTED"' in part.stdout
    assert MARK in whole.stdout
    assert '"REDACTED"' not in whole.stdout
    assert REASON in auditor.get(f"/audit?patient={planted.patient.id}").text
    short = CliRunner().invoke(strata, [*export, "--with-kept-apart", "why"])
    assert (short.exit_code, MARK in short.output) == (2, False)
