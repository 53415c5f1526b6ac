"""A chart's signed reports are the same whatever tier they lie in; a silent archive of them is a named gap."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from core.models import Patient, Report, Role, utc_now
from core.services import archive
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account
from tests.integration.access.test_two_portals import host, make_app, sign_in
from tests.integration.staff.conftest import StaffBrowser
from tests.ready_report import ReadyReport, make_ready_report, sign_ready_report
from tests.tiers import Tiers
from workers.archive import driver

OF_HTMX = {"HX-Request": "true"}


@pytest.fixture
def signed(patient: Patient) -> ReadyReport:
    """A report that was signed long ago."""
    with databases.write() as session:
        doctor = make_account(session, name="Dr Signer")
        ready = make_ready_report(session, patient, doctor)
    sign_ready_report(ready, doctor)
    with databases.write() as session:
        session.execute(update(Report).values(closed_at=utc_now() - timedelta(days=300)))
    return ready


def move(sync_replica: Callable[[], None]) -> None:
    with databases.write() as session:
        run_id = archive.start_run(session, record_type="report", by=None).id
    driver.drive(run_id)
    sync_replica()
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(func.count()).select_from(Report)) == 0


def words(page: str) -> str:
    part = page.split('id="signed-reports"', maxsplit=1)[1].partition(">")[2].split("</section>")[0].split("<form")[0]
    return " ".join(re.sub("<[^>]+>", " ", part).split())


def listed(browser: StaffBrowser, patient: Patient) -> str:
    """The words of the signed reports, after what the chart loads by itself has come."""
    page = browser.get(f"/patients/{patient.id}").text
    address = re.search(r'id="signed-reports" hx-get="([^"]+)" hx-trigger="load"', page)
    if address is None:
        return words(page)
    reply = browser.get(address[1], headers=OF_HTMX)
    assert reply.status_code == 200
    return words(reply.text)


def test_a_charts_reports_and_their_signers_are_the_same_after_a_run(
    clinician: StaffBrowser, patient: Patient, signed: ReadyReport, sync_replica: Callable[[], None], tiers: Tiers
) -> None:
    sync_replica()
    history = f"/patients/{patient.id}/history?kind=reports"
    before, page = listed(clinician, patient), clinician.get(history).text
    assert re.fullmatch(r"Summary of \d+ \w+ \d{4} signed Dr Signer", before)
    assert "Signed by Dr Signer" in page
    move(sync_replica)
    assert listed(clinician, patient) == before
    assert "Signed by Dr Signer" in clinician.get(history).text
    tiers.of["reports"].stop("immediate")
    silent = listed(clinician, patient)
    assert "are in an archive that does not answer" in silent
    assert "Summary of" not in silent
    assert "if any were signed then" in clinician.get(history).text


def test_a_replaced_report_says_so_when_its_replacement_has_been_archived_too(
    clinician: StaffBrowser, patient: Patient, signed: ReadyReport, sync_replica: Callable[[], None], database: Settings
) -> None:
    with databases.write() as session:
        doctor = make_account(session, name="Dr Amender")
        newer = make_ready_report(session, patient, doctor)
        session.execute(update(Report).where(Report.id == newer.id).values(replaces_id=signed.id))
        own = make_account(session, role=Role.PATIENT, patient_id=patient.id)
    sign_ready_report(newer, doctor)
    with databases.write() as session:
        aged = update(Report).where(Report.id == newer.id)
        session.execute(aged.values(closed_at=utc_now() - timedelta(days=250)))
    portal = make_app("public", database)
    her = sign_in(portal, "public", own.username)

    def told() -> list[bool]:
        sync_replica()
        hers = [her.get(path, base_url=host("public")).text for path in ("/history", f"/reports/{signed.id}")]
        review = clinician.get(f"/reports/{signed.id}/review").text
        history = clinician.get(f"/patients/{patient.id}/history?kind=reports").text
        marks = [f"reports/{newer.id}" in page for page in (hers[1], review)]
        return [
            "replaced" in listed(clinician, patient),
            *("A newer report replaces" in page for page in (hers[0], history)),
            *marks,
        ]

    before = told()
    assert before == [True] * 5
    move(sync_replica)
    assert told() == before


def test_the_list_of_signed_reports_is_the_same_after_a_run(
    clinician: StaffBrowser, patient: Patient, signed: ReadyReport, sync_replica: Callable[[], None]
) -> None:
    def told() -> list[str]:
        sync_replica()
        page = clinician.get("/reports?list=signed").text
        return re.findall(r"reports/\d+/review|Older ones are in each patient", page)

    before = told()
    assert before == ["Older ones are in each patient"]
    move(sync_replica)
    assert told() == before
