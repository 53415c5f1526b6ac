"""Forms that others have overtaken are refused, and the page shows what is there now; forms sent twice do it once."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.access.permissions import Right
from core.models import AccessEvent, Base, ImportedRow, Note, Observation, Patient, Role
from core.services import care, erasure
from core.stores import databases
from core.stores.databases import Store
from core.web.access import requires
from tests.factories import PASSWORD
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.correcting import WHY, act, assay, row_of, saved
from tests.integration.staff.reviewing import decide, decide_all, page_of, shown, sign, state
from tests.ready_report import ReadyReport

__all__ = ["assay", "saved"]
TOKEN = re.compile(r'name="token"[^>]* value="([^"]+)"')
PERSON = {"name": "Ong Kim Huat", "sex": "male", "birth_on": "1950-01-31"}
OTHER_WORDS = "HbA1c was 8.9 % in November 2026."


@pytest.fixture
def colleague(clinician: StaffBrowser, patient: Patient, signed_in: Callable[[Role], StaffBrowser]) -> StaffBrowser:
    """Another clinician of the patient."""
    other = signed_in(Role.CLINICIAN)
    with databases.write() as session:
        care.join(session, patient_id=patient.id, account_id=other.account.id, by=clinician.account)
    return other


def overtaken(clinician: StaffBrowser, colleague: StaffBrowser, ready: ReadyReport, change: str) -> str:
    """What a signer's page showed before a colleague changed the report."""
    decide_all(clinician, ready)
    before = shown(clinician, ready)
    assert before
    if change == "read again":
        with databases.write() as session:
            session.get_one(Observation, ready.observation_id).ref_high = Decimal("6.1")
        assert colleague.post(f"/reports/{ready.id}/refresh", page=page_of(ready)).status_code == 303
    else:
        typed = {"text": OTHER_WORDS} if change == "edited" else {"reason": "Another test."}
        assert decide(colleague, ready, ready.supported_id, change, **typed).status_code == 303
    return before


@pytest.mark.parametrize("change", ["edited", "accepted", "read again"])
def test_nobody_signs_what_a_colleague_changed_since_the_page_was_opened(
    clinician: StaffBrowser, colleague: StaffBrowser, ready: ReadyReport, change: str
) -> None:
    before = overtaken(clinician, colleague, ready, change)
    refused = sign(clinician, ready, shown=before)
    assert refused.status_code == 409
    assert "changed since you opened the page" in refused.text
    assert state(ready.id) == "ready"
    if change == "edited":
        assert OTHER_WORDS in refused.text
    assert f'name="shown" value="{before}"' not in refused.text
    assert sign(clinician, ready).status_code == 303


def test_a_form_that_says_nothing_of_what_was_shown_signs_nothing(clinician: StaffBrowser, ready: ReadyReport) -> None:
    decide_all(clinician, ready)
    assert sign(clinician, ready, shown="0" * 64).status_code == 409
    assert clinician.post(f"/reports/{ready.id}/sign", {"password": PASSWORD}, page=page_of(ready)).status_code == 409
    assert state(ready.id) == "ready"


def count(model: type[Base], *conditions: Any) -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def token_of(browser: StaffBrowser, page: str) -> str:
    found = TOKEN.search(browser.get(page).text)
    assert found is not None
    return found[1]


def register(browser: StaffBrowser, **typed: str) -> Any:
    return browser.post("/patients/new", {**PERSON, **typed}, page="/patients/new")


def test_a_registration_sent_twice_registers_one_patient(clinician: StaffBrowser, database: Any) -> None:
    token = token_of(clinician, "/patients/new")
    first, again = register(clinician, token=token), register(clinician, token=token)
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["Location"] == again.headers["Location"]
    changed = register(clinician, token=token, name="Ong Kim Leng")
    assert changed.headers["Location"] == first.headers["Location"]
    assert "This form was saved before" in clinician.get(first.headers["Location"]).text
    assert (count(Patient), count(AccessEvent, AccessEvent.action == "patient.registered")) == (1, 1)
    assert (
        register(clinician, token=token_of(clinician, "/patients/new")).headers["Location"] != again.headers["Location"]
    )
    # What tells a form sent again goes with the patient.
    patient_id = int(first.headers["Location"].rsplit("/", 1)[1])
    with databases.write() as session:
        erasure.erase_patient(session, patient_id=patient_id, reason="asked", by=None)
    assert count(ImportedRow, ImportedRow.ref_type == "patient", ImportedRow.row_id == patient_id) == 0


def test_an_addendum_sent_twice_is_written_once(clinician: StaffBrowser, patient: Patient, saved: int) -> None:
    ref = f"observation:{row_of(saved).id}"
    page = f"/patients/{patient.id}/rows/{ref.replace(':', '/')}/correct"
    token, before = token_of(clinician, page), count(Note)
    for words, status in (("Taken fasting.", 303), ("Taken fasting.", 303), ("Taken after lunch.", 409)):
        assert act(clinician, patient, ref, "add", addendum=words, token=token).status_code == status, words
    assert count(Note) == before + 1
    assert (
        act(clinician, patient, ref, "add", addendum="Taken fasting.", token=token_of(clinician, page)).status_code
        == 303
    )
    assert count(Note) == before + 2


def test_nobody_takes_out_a_row_that_was_changed_since_the_page_was_opened(
    clinician: StaffBrowser, patient: Patient, saved: int
) -> None:
    ref = f"observation:{row_of(saved).id}"
    page = clinician.get(f"/patients/{patient.id}/rows/{ref.replace(':', '/')}/correct").text
    assert page.count('name="version" value="1"') == 2
    assert act(clinician, patient, ref, "edit", value="8.9", edit_why=WHY, version="1").status_code == 303
    refused = act(clinician, patient, ref, "error", sure="1", error_why=WHY, version="1")
    assert refused.status_code == 409
    assert "was changed since you opened the page" in refused.text
    assert act(clinician, patient, ref, "error", sure="1", error_why=WHY, version="2").status_code == 303


@pytest.mark.parametrize(("key", "status"), [("taken", 409), (None, 500)])
def test_who_writes_second_is_told_so_and_a_fault_of_ours_stays_one(
    app: Flask, clinician: StaffBrowser, monkeypatch: pytest.MonkeyPatch, key: str | None, status: int
) -> None:
    row = {"source": "staff form", "source_key": "taken", "ref_type": "note", "row_id": 1, "content_hash": "0"}

    @requires(Right.PATIENT_REGISTER)
    def writes() -> str:
        with databases.write() as session:
            session.add(ImportedRow(**row))
        with databases.write() as session:
            session.add(ImportedRow(**{**row, "source_key": key or "free", "content_hash": key}))
        return "written"

    monkeypatch.setitem(app.view_functions, "patients.create", writes)
    assert clinician.post("/patients/new", page="/patients/new").status_code == status
