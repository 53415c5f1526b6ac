"""The archive dashboard: what is cold, starting, following and steering a run."""

from __future__ import annotations

from datetime import timedelta

from core.models import ArchiveRun, Patient, utc_now
from core.services import archive
from core.stores import databases
from tests.factories import make_note, make_visit
from tests.integration.staff.conftest import StaffBrowser
from workers.archive import driver


def make_cold_visits(patient: Patient, many: int) -> None:
    with databases.write() as session:
        for number in range(many):
            visit = make_visit(session, patient, started_at=utc_now() - timedelta(days=400 + number))
            make_note(session, visit, "A secret of hers.")


def start(admin: StaffBrowser, **typed: str) -> str:
    reply = admin.post("/archive/runs", {"record_type": "visit", **typed}, page="/archive")
    assert reply.status_code == 303, reply.text
    return str(reply.headers["Location"])


def drive(place: str) -> None:
    driver.drive(int(place.rsplit("/", 1)[1]))


def test_a_run_is_started_followed_and_finished(admin: StaffBrowser, patient: Patient, sync_replica: object) -> None:
    make_cold_visits(patient, 3)
    sync_replica()  # type: ignore[operator]
    assert 'num">3<' in admin.get("/archive").text
    place = start(admin)
    moving = admin.get(place, headers={"HX-Request": "true"}).text
    assert 'hx-trigger="every' in moving
    assert "<html" not in moving
    drive(place)
    done = admin.get(place, headers={"HX-Request": "true"}).text
    assert "hx-trigger" not in done
    assert done.count('class="done"') == 5
    assert "released" in done
    page = admin.get("/archive").text
    assert "done" in page


def test_an_admin_sees_no_patients_data(admin: StaffBrowser, patient: Patient) -> None:
    make_cold_visits(patient, 1)
    place = start(admin)
    drive(place)
    for path in ("/archive", place, "/operations"):
        page = admin.get(path).text
        assert "Tan Mei Ling" not in page
        assert "A secret of hers." not in page
        assert "S1234567D" not in page


def test_a_dry_run_moves_nothing(admin: StaffBrowser, patient: Patient) -> None:
    make_cold_visits(patient, 2)
    place = start(admin, dry_run="y")
    drive(place)
    page = admin.get(place).text
    assert "dry run: nothing is moved" in page
    assert page.count('class="done"') == 1
    assert "A dry run makes no batches." in page
    assert "There was nothing to move." not in page


def test_a_second_run_of_the_same_type_is_refused_with_its_reason(admin: StaffBrowser, patient: Patient) -> None:
    make_cold_visits(patient, 1)
    place = start(admin)
    reply = admin.post("/archive/runs", {"record_type": "visit"}, page="/archive")
    assert reply.status_code == 409
    assert f"Run {place.rsplit('/', 1)[1]}" in reply.text


def test_bad_input_is_named(admin: StaffBrowser) -> None:
    for typed, message in (
        ({"record_type": "everything"}, "Choose one from the list"),
        ({"as_of": "soon"}, "Enter a day of the calendar, such as"),
        ({"as_of": "9999-01-01"}, "1 Jan 9999 is in the future"),
        ({"as_of": "9999-12-31", "dry_run": "y"}, "31 Dec 9999 is in the future"),
        ({"as_of": "0001-01-01"}, "The year 1 is before all records"),
    ):
        reply = admin.post("/archive/runs", {"record_type": "visit", **typed}, page="/archive")
        assert reply.status_code == 422
        assert message in reply.text
    assert admin.get("/archive/runs/4711").status_code == 404
    assert admin.post("/archive/runs/4711/pause", page="/archive").status_code == 404


def test_a_run_is_paused_and_resumed(admin: StaffBrowser, patient: Patient) -> None:
    make_cold_visits(patient, 2)
    with databases.write() as session:
        run = archive.start_run(session, record_type="visit", by=admin.account)
    driver.advance(run.id)
    place = f"/archive/runs/{run.id}"
    assert admin.post(f"{place}/pause", page=place).status_code == 303
    page = admin.get(place).text
    assert "paused" in page
    assert "hx-trigger" not in page
    assert admin.post(f"{place}/resume", page=place).status_code == 303
    drive(place)
    assert "done" in admin.get(place).text
    admin.post(f"{place}/pause", page="/archive")
    assert "can&#39;t become paused" in admin.get(place).text


def test_a_failed_run_shows_its_cause_and_is_redriven(admin: StaffBrowser, patient: Patient) -> None:
    make_cold_visits(patient, 1)
    place = start(admin)
    with databases.write() as session:
        run = session.get_one(ArchiveRun, int(place.rsplit("/", 1)[1]))
        run.state, run.reason = "failed", "the archive server visits does not answer"
    page = admin.get(place).text
    assert "the archive server visits does not answer" in page
    assert admin.post(f"{place}/redrive", page=place).status_code == 303
    drive(place)
    assert "does not answer" not in admin.get(place).text
