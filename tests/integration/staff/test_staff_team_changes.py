"""Changes of a treatment team: with a reason, told to the patient and the team, and believed of staff alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from core import audit
from core.access.sign_in_copies import AccountCopy
from core.audit import Origin
from core.models import CareTeamMember, Patient, Role, SensitiveVisit, Visit, utc_now
from core.queries import retention
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account, make_visit
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.test_staff_archive import drive, start
from tests.integration.staff.test_staff_care import privacy_page

WHY = "takes over while I am on leave"


@pytest.fixture
def colleague(signed_in: Callable[[Role], StaffBrowser]) -> StaffBrowser:
    return signed_in(Role.CLINICIAN)


def change(browser: StaffBrowser, patient: Patient, place: str, **typed: str) -> None:
    reply = browser.post(f"/patients/{patient.id}/team{place}", typed, page=f"/patients/{patient.id}")
    assert reply.status_code == 303


def team(patient: Patient) -> set[int]:
    with databases.read(Store.HOT) as session:
        ids = select(CareTeamMember.account_id).where(CareTeamMember.patient_id == patient.id)
        return set(session.scalars(ids))


def test_nobody_is_put_on_a_team_or_taken_off_without_a_reason(
    clinician: StaffBrowser, colleague: StaffBrowser, patient: Patient
) -> None:
    before, name = team(patient), colleague.account.username
    for reason in ("", "asked"):
        change(clinician, patient, "", username=name, reason=reason)
        assert team(patient) == before
    change(clinician, patient, "", username=name, reason=WHY)
    assert team(patient) == {*before, colleague.account.id}
    for reason in ("", "asked"):
        change(clinician, patient, f"/{colleague.account.id}/leave", reason=reason)
        assert team(patient) == {*before, colleague.account.id}


def test_the_patient_and_the_team_read_who_why(
    clinician: StaffBrowser, colleague: StaffBrowser, patient: Patient, database: Any
) -> None:
    change(clinician, patient, "", username=colleague.account.username, reason=WHY)
    change(clinician, patient, f"/{colleague.account.id}/leave", reason=f"{WHY} no more")
    with databases.write() as session:
        account = AccountCopy.of(make_account(session, role=Role.PATIENT, patient_id=patient.id))
    for page in (privacy_page(database, account), clinician.get(f"/patients/{patient.id}").text):
        assert page.count(WHY) >= 2
        assert f"{WHY} no more" in page
        assert clinician.account.name in page


@pytest.mark.parametrize("target", ["account:x", "account:", None, f"account:{'9' * 100}"])
@pytest.mark.parametrize("kind", ["public", "worker", "archiver"])
def test_what_another_process_says_of_it_is_not_believed(
    clinician: StaffBrowser, patient: Patient, kind: str, target: str | None
) -> None:
    token = audit.origin.set(Origin(kind))
    with databases.write() as session:
        for action in ("care_team.joined", retention.HELD):
            audit.record(session, action, by=None, patient_id=patient.id, target=target, purpose="forged by somebody")
        session.get_one(Patient, patient.id).legal_hold = True
    audit.origin.reset(token)
    chart = clinician.get(f"/patients/{patient.id}")
    assert chart.status_code == 200
    assert "forged by somebody" not in chart.text
    with databases.read(Store.HOT) as session:
        assert "forged by somebody" not in repr(retention.holds(session))


def test_an_archived_visit_can_be_kept_apart(clinician: StaffBrowser, admin: StaffBrowser, patient: Patient) -> None:
    old = utc_now().replace(year=utc_now().year - 2, day=1)
    with databases.write() as session:
        visit = make_visit(session, patient, description="Zirconquest clinic", started_at=old)
    drive(start(admin))
    with databases.read(Store.HOT) as session:
        assert session.get(Visit, visit.id) is None
    place = f"/patients/{patient.id}/visits/{visit.id}"
    assert clinician.post(f"{place}/sensitivity", {"category": "MH"}, page=place).status_code == 303
    with databases.read(Store.HOT) as session:
        assert session.get_one(SensitiveVisit, visit.id).set_by == clinician.account.id
