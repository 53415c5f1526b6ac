"""A clinic's quarter in figures: the same before and after an archive run, without anybody's name."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Clinic, Patient, PrescriptionStatus, Role, Visit
from core.queries.clinic_months import COUNTED
from core.queries.clinic_quarters import ClinicQuarter, Line, Quarter, clinic_quarter
from core.services import corrections
from core.stores import archived, databases
from core.stores.archived import breakers
from core.stores.databases import Store
from tests.factories import make_account, make_assay, make_observation, make_patient, make_prescription, make_visit
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.web.conftest import move_to_archive
from tests.tiers import Tiers

FIRST = Quarter(2026, 1)


@pytest.fixture
def clinic(database: Any) -> Clinic:
    """Six people come in January 2026, the first two again in March; a seventh on 1 April, or to another clinic."""
    with databases.write() as session:
        clinic = Clinic(name="Bedok clinic")
        session.add(clinic)
        session.flush()
        assay = make_assay(session)
        people = [make_patient(session, name=f"Person {number}") for number in range(7)]
        for number, patient in enumerate(people[:6]):
            visit = make_visit(session, patient, clinic_id=clinic.id, started_at=_day(1, 3 + number))
            is_high = number < 4
            make_observation(session, visit, assay, "8.9" if is_high else "5", interpretation="H" if is_high else "N")
            make_prescription(session, patient, visit_id=visit.id, **({} if is_high else _ended()))
        for patient in people[:2]:
            make_visit(session, patient, clinic_id=clinic.id, started_at=_day(3, 9), description="Rare complaint")
        # In Singapore this is the first of April.
        make_visit(session, people[6], clinic_id=clinic.id, started_at=datetime(2026, 3, 31, 16, tzinfo=UTC))
        make_visit(session, people[6], started_at=_day(2, 1))
        return clinic


def _day(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 2, tzinfo=UTC)


def _ended() -> dict[str, Any]:
    return {"status": PrescriptionStatus.COMPLETED, "stopped_on": date(2026, 1, 20)}


def read(clinic: Clinic) -> ClinicQuarter:
    with databases.read(Store.REPLICA) as session:
        found = clinic_quarter(session, clinic.id, FIRST, seconds=5)
    assert found is not None
    return found


def sums(found: ClinicQuarter) -> list[tuple[int, ...]]:
    return [(m.visits, m.patients, m.tests, m.out_of_range, m.medicines) for m in found.months]


def test_each_month_is_counted_once_hot_or_archived(clinic: Clinic, sync_replica: Callable[[], None]) -> None:
    sync_replica()
    hot = read(clinic)
    assert sums(hot) == [(6, 6, 6, 4, 6), (0, 0, 0, 0, 0), (2, 2, 0, 0, 0)]
    assert hot.visits.lines == (Line("Diabetes review", (6, 0, 0)),)
    assert hot.visits.others == Line("Others", (0, 0, 2))
    assert hot.tests.lines == (Line("HbA1c", (6, 0, 0), 4),)
    assert hot.medicines.lines == (Line("Metformin 850 mg tablet", (6, 0, 0)),)
    move_to_archive()
    sync_replica()
    with databases.read(Store.HOT) as session:
        assert _hot_visits(session) == 0
    # The four medicines that are taken now stayed hot, without their visits.
    assert read(clinic) == hot


def _hot_visits(session: Session) -> int:
    return session.query(Visit).count()


@pytest.mark.parametrize("place", ["hot", "archived"])
def test_what_was_entered_in_error_does_not_count(clinic: Clinic, place: str, sync_replica: Callable[[], None]) -> None:
    with databases.write() as session:
        doctor = make_account(session)
        patient = session.query(Patient).filter_by(name="Person 0").one()
        visit_id = min(visit.id for visit in _visits_of(session, patient))
    if place == "archived":
        move_to_archive()
    with databases.write() as session:
        ref = f"visit:{visit_id}"
        corrections.mark_error(session, patient_id=patient.id, ref=ref, reason="Another patient's", by=doctor)
    sync_replica()
    assert sums(read(clinic))[0] == (5, 5, 5, 3, 5)


def _visits_of(session: Session, patient: Patient) -> list[Any]:
    return session.query(Visit).filter_by(patient_id=patient.id).all()


def test_an_admin_reads_it_and_saves_it(admin: StaffBrowser, clinic: Clinic) -> None:
    assert f"/clinics/{clinic.id}/quarters/" in admin.get("/clinics").text
    place = f"/clinics/{clinic.id}/quarters/{FIRST}"
    page = admin.get(place).text
    assert re.search(r"Results out of range</th><td class=\"num\">4<", page)
    assert "Rare complaint" not in page
    assert "Person 0" not in page
    lines = list(csv.DictReader(io.StringIO(admin.get(f"{place}.csv").data.decode("utf-8-sig"))))
    assert {"topic": "tests", "name": "HbA1c", "month": "2026-01", "count": "6"} in lines
    assert {"topic": "sum", "name": "out_of_range", "month": "2026-01", "count": "4"} in lines
    for number in (clinic.id + 99, 0, 2**63):
        assert admin.get(f"/clinics/{number}/quarters/{FIRST}").status_code == 404, number


@pytest.mark.parametrize("name", ["2026", "2026-Q5", "0000-Q1", "9999-Q4", "2026-Q1x", "²026-Q1"])
def test_an_address_of_no_quarter_is_not_found(admin: StaffBrowser, clinic: Clinic, name: str) -> None:
    assert admin.get(f"/clinics/{clinic.id}/quarters/{name}").status_code == 404


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.AUDITOR])
def test_it_is_for_admins(signed_in: Callable[[Role], StaffBrowser], clinic: Clinic, role: Role) -> None:
    assert signed_in(role).get(f"/clinics/{clinic.id}/quarters/{FIRST}").status_code == 403


@pytest.mark.only_on_postgresql
def test_a_silent_archive_is_named_and_no_file_is_half(admin: StaffBrowser, clinic: Clinic, tiers: Tiers) -> None:
    move_to_archive()
    tiers.of["visits"].stop()
    place = f"/clinics/{clinic.id}/quarters/{FIRST}"
    page = admin.get(place).text
    assert "These figures are not whole" in page
    assert "“visits” does not answer" in page
    assert admin.get(f"{place}.csv").status_code == 503
    # It gave not even one row: pages leave it alone for a while.
    assert breakers["visits"].refuses()


@pytest.mark.only_on_postgresql
@pytest.mark.usefixtures("clinic")
def test_a_heavy_read_that_takes_too_long_shuts_nobody_out() -> None:
    move_to_archive()
    with pytest.raises(archived.ColdUnavailable):
        archived.fetch("visit", select(func.pg_sleep(2)), seconds=0.05)
    # Pages of one patient ask the archive on their own.
    assert not breakers["visits"].refuses()


def test_whether_the_archive_answers_is_asked_once_a_month(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not once a query: an archive far away would be waited for four times as often."""
    move_to_archive()
    asked, ask = list[float | None](), archived._ask  # noqa: SLF001
    monkeypatch.setattr(archived, "_ask", lambda *told: (asked.append(told[3]), ask(*told))[1])
    assert read(clinic).silent is None
    months = asked.count(None)
    assert 0 < months <= 3
    assert len(asked) == months * (2 + len(COUNTED))


def test_who_comes_in_two_months_is_one_patient_of_the_quarter(
    clinic: Clinic, sync_replica: Callable[[], None]
) -> None:
    sync_replica()
    found = read(clinic)
    assert ("visits", (6, 0, 2), 8) in found.sums
    assert ("patients", (6, 0, 2), 6) in found.sums


def test_an_empty_quarter_says_so_once_and_offers_no_file(admin: StaffBrowser, clinic: Clinic) -> None:
    page = admin.get(f"/clinics/{clinic.id}/quarters/1990-Q1").text
    assert "Nothing is on record at this clinic in this quarter" in page
    assert "Save as CSV" not in page
    assert "<table" not in page


def test_with_a_replica_that_stands_still_the_page_soon_says_so(
    admin: StaffBrowser, clinic: Clinic, tiers: Tiers
) -> None:
    place = f"/clinics/{clinic.id}/quarters/{FIRST}"
    assert admin.get(place).status_code == 200
    tiers.replica.pause_replay()
    started = time.monotonic()
    replies = [admin.client.get(path, base_url="https://staff.localhost") for path in (place, f"{place}.csv")]
    seconds = time.monotonic() - started
    tiers.replica.resume_replay()
    assert [reply.status_code for reply in replies] == [503, 503]
    assert all("We are catching up" in reply.text for reply in replies)
    assert seconds < databases.current().settings.statement_timeout_seconds
