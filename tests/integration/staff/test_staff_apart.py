"""A sensitive visit, and all that was done at it, is on no page of a clinician outside the team, and in no draft."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from core.models import (
    AccessEvent,
    Account,
    Assay,
    CareTeamMember,
    Evidence,
    GlassBreak,
    Patient,
    Report,
    ReportState,
    SensitiveGrant,
    SensitiveVisit,
    Sensitivity,
    Visit,
    VisitStatus,
    utc_now,
)
from core.queries import evidence
from core.services.sensitive_visits import keep_apart
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
from tests.integration.staff.test_staff_archive import drive, start
from tests.integration.staff.test_staff_care import break_glass
from tests.ready_report import make_ready_report

CANARY = "Zirconquest"
PLACES = ("", "/history", "/history?kind=visits", "/visits/new")


@pytest.fixture
def visit(patient: Patient) -> Visit:
    """A visit whose every row says CANARY, kept apart by the clinician who wrote it, beside one that all may see."""
    with databases.write() as session:
        shared = make_visit(session, patient, description="Knee pain", started_at=utc_now())
        make_observation(session, shared, make_assay(session, code="718-7", name="Hemoglobin", short_name="Hb"), "13")
        made = make_visit(session, patient, description=f"{CANARY} clinic", started_at=utc_now())
        make_note(session, made, f"{CANARY} note")
        make_observation(session, made, make_assay(session, name=CANARY, short_name=CANARY, code="5196-1"), "1")
        make_condition(session, patient, visit_id=made.id, name=f"{CANARY} disease")
        make_prescription(session, patient, visit_id=made.id, medication=f"{CANARY} 5 mg")
        author = make_account(session)
        keep_apart(session, patient_id=patient.id, visit_id=made.id, category=Sensitivity.SEXUAL_HEALTH, by=author)
        return made


def assay_id() -> int:
    with databases.read(Store.HOT) as session:
        return session.scalars(select(Assay.id).where(Assay.name == CANARY)).one()


def join_team(browser: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        session.add(CareTeamMember(patient_id=patient.id, account_id=browser.account.id))


def let_see(browser: StaffBrowser, patient: Patient, visit: Visit) -> None:
    with databases.write() as session:
        session.add(
            SensitiveGrant(visit_id=visit.id, account_id=browser.account.id, patient_id=patient.id, granted_by=0)
        )


def pages(browser: StaffBrowser, patient: Patient, visit: Visit) -> dict[str, Any]:
    places = (*PLACES, f"/visits/{visit.id}", f"/results/{assay_id()}")
    return {place: browser.get(f"/patients/{patient.id}{place}") for place in places}


def test_nothing_of_it_is_on_any_page(clinician: StaffBrowser, patient: Patient, visit: Visit) -> None:
    shown = pages(clinician, patient, visit)
    assert [place for place, reply in shown.items() if CANARY in reply.text] == ["/visits/new"]  # The list of tests.
    assert shown[f"/visits/{visit.id}"].status_code == 403
    assert shown[f"/results/{assay_id()}"].status_code == 404
    assert "Knee pain" in shown[""].text
    assert "Parts of this record are kept apart" in shown[""].text
    assert "1 visit since" in shown[""].text


@pytest.mark.parametrize("how", ["grant", "glass"])
def test_whoever_was_let_in_or_broke_the_glass_sees_it(
    clinician: StaffBrowser, patient: Patient, visit: Visit, how: str
) -> None:
    if how == "grant":
        let_see(clinician, patient, visit)
    else:
        break_glass(clinician, patient)
    assert all(CANARY in reply.text for reply in pages(clinician, patient, visit).values())


def test_whoever_treated_sees_it(clinician: StaffBrowser, patient: Patient, visit: Visit) -> None:
    with databases.write() as session:
        session.get_one(Account, clinician.account.id).practitioner_id = visit.practitioner_id
    assert CANARY in clinician.get(f"/patients/{patient.id}/visits/{visit.id}").text


def test_it_stays_apart_when_it_is_archived(
    clinician: StaffBrowser, admin: StaffBrowser, patient: Patient, visit: Visit
) -> None:
    with databases.write() as session:
        kept = session.get_one(Visit, visit.id)
        kept.started_at = kept.ended_at = utc_now().replace(year=utc_now().year - 2)
    drive(start(admin))
    with databases.read(Store.HOT) as session:
        assert session.get(Visit, visit.id) is None
    shown = pages(clinician, patient, visit)
    assert [place for place, reply in shown.items() if CANARY in reply.text] == ["/visits/new"]
    let_see(clinician, patient, visit)
    assert CANARY in clinician.get(f"/patients/{patient.id}/visits/{visit.id}").text


def test_no_draft_is_made_from_it(patient: Patient, visit: Visit, sync_replica: Any) -> None:
    sync_replica()
    rows = evidence.collect(patient.id)
    assert any("Knee pain" in str(row.fields) for row in rows)
    assert [row.ref for row in rows if CANARY in str(row.fields)] == []


def test_a_draft_made_before_is_withdrawn(clinician: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        report = make_ready_report(session, patient, make_account(session))
        ref = session.scalars(select(Evidence.ref).where(Evidence.report_id == report.id)).first()
        assert ref == f"observation:{report.observation_id}"
        visit_id = session.scalars(select(Visit.id)).one()
    join_team(clinician, patient)
    page = f"/patients/{patient.id}/visits/{visit_id}"
    assert clinician.post(f"{page}/sensitivity", {"category": "MH"}, page=page).status_code == 303
    assert "This visit is kept apart" in clinician.get(page).text
    with databases.read(Store.HOT) as session:
        kept = session.get_one(Report, report.id)
        assert kept.state == ReportState.WITHDRAWN
        assert "kept apart" in (kept.reason or "")
    assert clinician.post(f"{page}/sensitivity", {"category": ""}, page=page).status_code == 303
    assert "This visit is kept apart" not in clinician.get(page).text
    with databases.read(Store.HOT) as session:
        actions = session.scalars(
            select(AccessEvent.action).where(AccessEvent.target == f"visit:{visit_id}", AccessEvent.outcome == "allow")
        )
        assert {"visit.kept_apart", "visit.shared"} <= set(actions)


def test_whoever_does_not_see_it_can_not_share_it(clinician: StaffBrowser, patient: Patient, visit: Visit) -> None:
    reply = clinician.post(
        f"/patients/{patient.id}/visits/{visit.id}/sensitivity", {"category": ""}, page="/patients/new"
    )
    assert reply.status_code == 403
    assert CANARY not in clinician.get(f"/patients/{patient.id}").text


def test_a_broken_glass_does_not_share_it_either(clinician: StaffBrowser, patient: Patient, visit: Visit) -> None:
    with databases.write() as session:
        session.get_one(Account, clinician.account.id).covers_all = False
    break_glass(clinician, patient)
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(GlassBreak.id)) is not None
    reply = clinician.post(
        f"/patients/{patient.id}/visits/{visit.id}/sensitivity", {"category": ""}, page="/patients/new"
    )
    assert reply.status_code == 403


@pytest.mark.parametrize("category", ["nothing known", "R"])
def test_only_known_categories_are_taken(clinician: StaffBrowser, patient: Patient, category: str) -> None:
    with databases.write() as session:
        visit_id = make_visit(session, patient).id
    place = f"/patients/{patient.id}/visits/{visit_id}"
    assert clinician.post(f"{place}/sensitivity", {"category": category}, page="/patients/new").status_code == 400


def test_another_reason_lets_in_nobody_who_joined_the_team_since(
    clinician: StaffBrowser, patient: Patient, visit: Visit
) -> None:
    """The one who keeps it apart says another reason; whoever joined later is still not let in."""
    join_team(clinician, patient)
    page = f"/patients/{patient.id}/visits/{visit.id}"
    assert clinician.get(page).status_code == 403
    with databases.write() as session:
        kept = session.get_one(SensitiveVisit, visit.id)
        author = session.get_one(Account, kept.set_by)
        session.add(CareTeamMember(patient_id=patient.id, account_id=author.id))
        session.flush()
        keep_apart(session, patient_id=patient.id, visit_id=visit.id, category=Sensitivity.GENETICS, by=author)
    assert clinician.get(page).status_code == 403
    with databases.read(Store.HOT) as session:
        assert session.get_one(SensitiveVisit, visit.id).category == Sensitivity.GENETICS


def test_nobody_closes_a_visit_that_is_hidden_from_them(
    clinician: StaffBrowser, patient: Patient, visit: Visit
) -> None:
    with databases.write() as session:
        session.get_one(Visit, visit.id).status = VisitStatus.OPEN
    join_team(clinician, patient)
    for number, status in ((visit.id, 403), (4711, 404)):
        path = f"/patients/{patient.id}/visits/{number}/close"
        assert clinician.post(path, page="/patients/new").status_code == status
    with databases.read(Store.HOT) as session:
        assert session.get_one(Visit, visit.id).status == VisitStatus.OPEN
    let_see(clinician, patient, visit)
    path = f"/patients/{patient.id}/visits/{visit.id}/close"
    assert clinician.post(path, page="/patients/new").status_code == 303
