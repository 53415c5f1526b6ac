"""The archive's pages while something moves: said once, focus kept, held still on request, silent when at rest."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from sqlalchemy import select

from core.models import ArchiveRun, Batch, Patient, RunEvent, RunState, Step, utc_now
from core.queries import archive, archive_history
from core.stores import databases
from core.stores.databases import Store
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.test_staff_archive import drive, make_cold_visits, start
from tests.integration.staff.test_staff_archive_batches import batch_place, run_id_of
from workers.archive import driver

HTMX = {"HX-Request": "true"}
POLLED = re.compile(r'hx-get="([^"]+)"')


class Focusable(HTMLParser):
    """The ids of what the keyboard reaches, None for what has none."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("a", "button", "select", "summary") or "tabindex" in given or given.get("type") == "checkbox":
            self.ids.append(given.get("id"))


def poll(admin: StaffBrowser, fragment: str) -> str:
    """What the page gets when it asks as the fragment says."""
    address = POLLED.search(fragment)
    assert address is not None, "the fragment does not poll"
    return str(admin.get(unescape(address[1]), headers=HTMX).text)


@pytest.fixture
def staged(admin: StaffBrowser, patient: Patient) -> str:
    """The page of a run whose first batch is staged."""
    make_cold_visits(patient, 2)
    place = start(admin)
    for _step in ("plan", "stage"):
        driver.advance(run_id_of(place))
    return place


def test_what_changed_is_said_once_and_a_run_at_rest_is_silent(admin: StaffBrowser, staged: str) -> None:
    place = batch_place(staged)
    pages = {staged: admin.get(staged).text, place: admin.get(place).text}
    for page in pages.values():
        assert '<p class="unseen" role="status" id="said"></p>' in page
        assert "hx-swap-oob" not in page + poll(admin, page)
    stale = admin.get(f"{staged}?said=other", headers=HTMX).text
    assert '<p id="said" hx-swap-oob="innerHTML">Run 1 is running, nothing released</p>' in stale
    drive(staged)
    for where, words in ((staged, "Run 1 is done"), (place, "Batch 1 is released")):
        ended = poll(admin, pages[where])
        assert f">{words}</p>" in ended
        assert "hx-trigger" not in ended
    for rested in (f"{staged}/servers", "/archive/runs"):
        assert "hx-trigger" not in admin.get(rested, headers=HTMX).text


def test_focus_has_a_place_to_return_to(admin: StaffBrowser, staged: str) -> None:
    with databases.write() as session:
        batch = session.scalars(select(Batch)).one()
        session.add(Step(run_id=1, batch_id=batch.id, name="load", attempt=1, state="failed", fault="network",
                         cause="ConnectionError: no answer", finished_at=utc_now()))  # fmt: skip
    for place in (staged, batch_place(staged), "/archive/runs", f"{staged}/servers"):
        ids = Focusable(admin.get(place, headers=HTMX).text).ids
        assert None not in ids, place
        assert max(Counter(ids).values(), default=1) == 1, place


def test_a_page_holds_still_when_asked(admin: StaffBrowser, staged: str) -> None:
    for place in (staged, batch_place(staged)):
        assert f'id="still" href="{place}?still=1"' in admin.get(place).text
        still = admin.get(f"{place}?still=1").text
        assert "hx-trigger" not in still
        assert f'id="still" href="{place}"' in still


def test_a_fault_that_is_tried_again_is_no_stop(admin: StaffBrowser, staged: str) -> None:
    with databases.write() as session:
        run = session.get_one(ArchiveRun, 1)
        run.wakes_at = utc_now() + timedelta(seconds=20)
        batch = session.scalars(select(Batch)).one()
        batch.failed_step, batch.reason = "load", "ConnectionError: no answer"
    page = admin.get(staged).text
    assert "It tries again" in page
    assert "by itself, after ConnectionError: no answer" in page
    assert "Redrive" not in page
    followed = admin.get(batch_place(staged)).text
    assert "A fault at load" in followed
    assert "Redrive" not in followed


def test_runs_that_wait_for_somebody_come_first(admin: StaffBrowser, staged: str) -> None:
    moving = admin.get("/archive/runs", headers=HTMX).text
    assert 'hx-trigger="every 2s"' in moving
    assert "<html" not in moving
    with databases.write() as session:
        run = session.get_one(ArchiveRun, 1)
        run.state, run.reason = RunState.FAILED, "the archive server visits does not answer"
    start(admin, record_type="log")
    with databases.read(Store.HOT) as session:
        ended = session.get_one(ArchiveRun, 2)
    drive(f"/archive/runs/{ended.id}")
    listed = admin.get("/archive").text
    assert listed.index(">Run 1<") < listed.index(">Run 2<")
    assert 'id="all-runs"' not in listed
    assert "the archive server visits does not answer" in listed


def test_servers_are_shown_apart_from_the_run(admin: StaffBrowser, staged: str) -> None:
    assert "Archive: visits" not in admin.get(staged, headers=HTMX).text
    assert "Archive: visits" in admin.get(staged).text
    shown = admin.get(f"{staged}/servers", headers=HTMX).text
    assert 'hx-trigger="every 10s"' in shown
    assert ">in use<" in shown
    assert admin.get("/archive/runs/4711/servers").status_code == 404


def test_a_night_in_which_a_run_was_paused_says_nothing_of_its_pace(admin: StaffBrowser, staged: str) -> None:
    drive(staged)
    night = timedelta(hours=9)
    with databases.write() as session:
        run = session.get_one(ArchiveRun, 1)
        run.started_at -= night
        for step in session.scalars(select(Step)):
            step.started_at, step.finished_at = step.started_at - night, (step.finished_at or utc_now()) - night
    with databases.read(Store.HOT) as session:
        slow, expected = archive.run(session, 1), archive_history.estimate(session, "visit", 2)
    assert slow is not None
    assert expected is not None
    assert slow.rows_per_second < 1
    assert expected.seconds > night.total_seconds()
    with databases.write() as session:
        session.add(RunEvent(run_id=1, action="resume", by_name="Admin"))
        session.get_one(ArchiveRun, 1).finished_at = utc_now()
    with databases.read(Store.HOT) as session:
        paced, expected = archive.run(session, 1), archive_history.estimate(session, "visit", 2)
    assert paced is not None
    assert expected is not None
    assert paced.seconds > night.total_seconds()
    assert paced.rows_per_second > 100 * slow.rows_per_second
    assert expected.seconds < 60
