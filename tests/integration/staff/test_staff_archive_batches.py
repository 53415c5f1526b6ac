"""A batch followed from select to release, its attempts with their causes, and rows brought back; by number only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import func, select

from core.models import ArchiveRun, Batch, Patient, Role, RunState, Visit, utc_now
from core.queries import archive_batches, archive_history
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.test_staff_archive import drive, make_cold_visits, start
from tests.tiers import Tiers
from workers.archive import driver


def run_id_of(place: str) -> int:
    return int(place.rsplit("/", 1)[1])


def batch_place(place: str) -> str:
    with databases.read(Store.HOT) as session:
        batch_id = session.scalar(select(Batch.id).where(Batch.run_id == run_id_of(place)))
    return f"{place}/batches/{batch_id}"


@pytest.fixture
def moved(admin: StaffBrowser, patient: Patient) -> str:
    """A run that has archived three visits; its page."""
    make_cold_visits(patient, 3)
    place = start(admin)
    drive(place)
    return place


@pytest.mark.usefixtures("by_time")
def test_a_batch_is_followed_from_select_to_release(admin: StaffBrowser, patient: Patient) -> None:
    make_cold_visits(patient, 2)
    place = start(admin)
    driver.advance(run_id_of(place))
    driver.advance(run_id_of(place))
    staged = admin.get(batch_place(place), headers={"HX-Request": "true"}).text
    assert "<html" not in staged
    assert 'hx-trigger="every' in staged
    assert staged.count('class="done"') == 2
    assert staged.count('class="now"') == 1
    drive(place)
    released = admin.get(batch_place(place)).text
    assert released.count('class="done"') == 5
    assert "visits of its range" in released
    assert "hx-trigger" not in released
    for shown in ("Content hash", "Staged files", "not encrypted", "visit:", "4 attempts", 'class="bar done"'):
        assert shown in released
    assert "A secret of hers." not in released
    assert f'href="{batch_place(place)}"' in admin.get(place).text


def rename_archived_note(old: str, new: str) -> None:
    with databases.current().engine(Store.VISITS, read_only=False).begin() as connection:
        Operations(MigrationContext.configure(connection)).alter_column("note", old, new_column_name=new)


def test_from_a_failed_step_to_its_cause_to_redrive(admin: StaffBrowser, patient: Patient, tiers: Tiers) -> None:
    make_cold_visits(patient, 1)
    place = start(admin)
    for _step in ("plan", "stage"):
        driver.advance(run_id_of(place))
    rename_archived_note("text", "words")
    try:
        assert not driver.advance(run_id_of(place))
        page = admin.get(place).text
        assert "Batch 1 stopped at load" in page
        assert "note.text is missing on archive server visits" in page
        assert "<b>schema drift</b>" in page
        followed = admin.get(batch_place(place)).text
        assert "Stopped at load" in followed
        assert "Stage it anew" in followed
        assert "still on the primary" in followed
        assert "A redrive goes on with load." in followed
    finally:
        rename_archived_note("words", "text")
    there = batch_place(place)
    assert admin.post(f"{there}/redrive", {"from_start": "1"}, page=there).status_code == 303
    drive(place)
    ended = admin.get(place).text
    assert "Redriven by" in ended or "redriven by" in ended
    assert 'class="bar failed"' in ended
    assert "released" in admin.get(there).text


def test_a_batch_of_another_run_is_not_there(admin: StaffBrowser, moved: str) -> None:
    assert admin.get(f"{moved}/batches/999").status_code == 404
    assert admin.get(batch_place(moved).replace("runs/1/", "runs/2/")).status_code == 404
    assert admin.post(f"{moved}/batches/999/redrive", page="/archive").status_code == 404


def test_who_did_what_stays_with_the_run(admin: StaffBrowser, patient: Patient) -> None:
    make_cold_visits(patient, 1)
    place = start(admin)
    driver.advance(run_id_of(place))
    for verb in ("pause", "resume"):
        admin.post(f"{place}/{verb}", page=place)
    page = admin.get(place).text
    for word in ("started", "paused", "resumed"):
        assert f"{word} by {admin.account.name}" in page


def test_why_a_run_waits_is_shown(admin: StaffBrowser, patient: Patient) -> None:
    make_cold_visits(patient, 1)
    place = start(admin)
    driver.advance(run_id_of(place))
    with databases.write() as session:
        run = session.get_one(ArchiveRun, run_id_of(place))
        run.throttle_reason, run.throttled_at = "the replica is 12 s behind (most 10 s)", utc_now()
    assert "the replica is 12 s behind" in admin.get(place).text
    with databases.write() as session:
        run = session.get_one(ArchiveRun, run_id_of(place))
        run.throttle_reason, run.heartbeat_at, run.wakes_at = None, utc_now() - timedelta(minutes=1), None
    assert "No sign of life" in admin.get(place).text


def test_a_dry_run_estimates_by_earlier_runs(admin: StaffBrowser, moved: str, patient: Patient) -> None:
    make_cold_visits(patient, 6)
    place = start(admin, dry_run="y")
    drive(place)
    assert "12 rows: an estimate, by the rates of the last 1 run" in admin.get(place).text
    with databases.read(Store.HOT) as session:
        assert archive_history.estimate(session, "report", 5) is None
        assert [size.roots for size in archive_batches.sizes(session, run_id_of(moved))] == [3]


@pytest.mark.parametrize("kind", ["batch", "run", "patient"])
def test_rows_are_brought_back_after_a_look(admin: StaffBrowser, moved: str, patient: Patient, kind: str) -> None:
    with databases.read(Store.HOT) as session:
        batch_id = session.scalar(select(Batch.id)) or 0
    number = {"batch": batch_id, "run": run_id_of(moved), "patient": patient.id}[kind]
    look = f"/archive/restore?{kind}={number}"
    assert "3 visits of" in admin.get(look).text
    what = {kind: str(number), "type": "visit"}
    if kind == "patient":
        wrong = admin.post("/archive/restore", {**what, "born": "1962"}, page=look)
        assert (wrong.status_code, "Tan Mei Ling" in wrong.text) == (422, False)
        assert (
            admin.post("/archive/restore", {**what, "born": "1962", "sure": str(number)}, page=look).status_code == 422
        )
        what["born"] = "1961"
        shown = admin.post("/archive/restore", what, page=look)
        assert "is <b>Tan Mei Ling</b>, born 1961. Nothing is done yet." in shown.text
        what["sure"] = str(number)
    reply = admin.post("/archive/restore", what, page=look)
    assert reply.status_code == 303, reply.text
    drive(reply.headers["Location"])
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 3
        assert session.scalars(select(ArchiveRun.state)).all() == [RunState.DONE, RunState.DONE]
    assert "nothing would come back" in admin.get(look).text
    assert admin.post("/archive/restore", what, page="/archive").status_code == 409


def test_what_can_not_be_brought_back_is_said(admin: StaffBrowser) -> None:
    assert "Name a batch, a run or a patient" in admin.get("/archive/restore").text
    assert "nothing would come back" in admin.get("/archive/restore?run=7").text
    assert admin.post("/archive/restore", {"patient": "x"}, page="/archive").status_code == 422
    assert admin.post("/archive/restore", {"patient": "1", "type": "everything"}, page="/archive").status_code == 422


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.AUDITOR])
def test_only_admins_come_here(signed_in: Callable[[Role], StaffBrowser], role: Role) -> None:
    browser = signed_in(role)
    for path in ("/archive/restore", "/archive/retention", "/archive/runs/1/batches/1"):
        assert browser.get(path).status_code == 403


def test_a_redrive_of_a_run_that_has_not_failed_is_refused_with_words(admin: StaffBrowser, moved: str) -> None:
    there = batch_place(moved)
    admin.post(f"{there}/redrive", page="/archive")
    assert "can&#39;t become" in admin.get(there).text
    with databases.read(Store.HOT) as session:
        assert session.get_one(ArchiveRun, run_id_of(moved)).state == RunState.DONE
    assert archive.COMMAND not in admin.get(moved).text
