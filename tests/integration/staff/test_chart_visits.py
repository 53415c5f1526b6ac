"""A chart's newest visits are the same whatever tier they lie in; what a silent archive has of them is a named gap."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from core.models import Account, Patient, Sensitivity, Visit
from core.queries import visit_overview as queries
from core.services import corrections
from core.services.sensitive_visits import keep_apart
from core.stores import archived, databases
from core.stores.databases import Store
from tests.factories import NOW, make_account, make_visit
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.test_staff_patients import events
from tests.integration.web.conftest import move_to_archive
from tests.tiers import Tiers

WAITS = 'hx-trigger="load"'
OF_HTMX = {"HX-Request": "true"}


def add_visits(patient: Patient, ages_days: list[int]) -> list[Visit]:
    """Visits so many days ago, each at noon."""
    with databases.write() as session:
        return [
            make_visit(session, patient, started_at=NOW - timedelta(days=days), description=f"Visit {days}")
            for days in ages_days
        ]


def section(page: str) -> str:
    return page.split('id="visits"', maxsplit=1)[1].split("</section>", maxsplit=1)[0]


def visits_words(browser: StaffBrowser, patient: Patient) -> str:
    """The words of the chart's visits, after what it loads by itself has come."""
    reply = browser.get(f"/patients/{patient.id}")
    assert reply.status_code == 200
    found = section(reply.text)
    if WAITS in found:
        address = re.findall('hx-get="([^"]+)"', found)[0]
        reply = browser.get(address, headers=OF_HTMX)
        assert reply.status_code == 200
        found = section(reply.text)
        assert WAITS not in found
    return " ".join(re.sub("<[^>]+>", " ", found.partition(">")[2]).split())


@pytest.mark.parametrize(
    "ages_days",
    [[500, 600, 700, 800], [1, 500, 600], [*range(1, 8), *range(500, 509)], [*range(1, 13), 500]],
    ids=["all are archived", "one is hot", "more than are shown", "as many as are shown are hot"],
)
def test_a_charts_visits_are_the_same_after_an_archive_run(
    clinician: StaffBrowser, patient: Patient, ages_days: list[int], sync_replica: Callable[[], None]
) -> None:
    add_visits(patient, ages_days)
    before = visits_words(clinician, patient)
    assert re.findall(r"Visit (\d+)", before) == [str(days) for days in ages_days[:10]]
    move_to_archive()
    sync_replica()
    with databases.read(Store.HOT) as session:
        assert session.query(Visit).count() == sum(days < 500 for days in ages_days)
    assert visits_words(clinician, patient) == before


def test_the_chart_itself_reads_no_archive_and_the_visits_that_come_are_audited(
    clinician: StaffBrowser, patient: Patient, sync_replica: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_visits(patient, [1, 500])
    move_to_archive()
    sync_replica()
    assert events("history.viewed") == []
    visits_words(clinician, patient)
    (event,) = events("history.viewed")
    assert (event.patient_id, event.account_id, event.outcome) == (patient.id, clinician.account.id, "allow")
    monkeypatch.setattr(archived, "fetch", lambda *args, **named: pytest.fail("an archive was asked"))
    assert clinician.get(f"/patients/{patient.id}").status_code == 200


def test_of_ten_hot_visits_a_newer_archived_one_takes_its_place(patient: Patient) -> None:
    made = add_visits(patient, [500, *range(600, 610)])
    with databases.write() as session:
        for visit in made[1:]:
            session.get_one(Visit, visit.id).status = "open"
            session.get_one(Visit, visit.id).ended_at = None
    move_to_archive()
    with databases.read(Store.HOT) as session:
        overview = queries.overview(session, patient.id, newest=10)
        assert (len(overview.newest), overview.has_newer) == (10, True)
        newest = queries.newest_of_all(session, patient.id, 10)
    assert [line.id for line in newest] == [visit.id for visit in made[:10]]
    assert [line.is_archived for line in newest] == [True] + [False] * 9


def test_a_silent_archive_is_a_named_gap_among_a_charts_visits(
    clinician: StaffBrowser, patient: Patient, sync_replica: Callable[[], None], tiers: Tiers
) -> None:
    add_visits(patient, [1, 500, 600])
    move_to_archive()
    sync_replica()
    tiers.of["visits"].stop("immediate")
    words = visits_words(clinician, patient)
    last, first = ((NOW - timedelta(days=days)).year for days in (500, 600))
    years = f"{first} to {last}" if first != last else str(first)
    assert f"2 visits of {years} are archived, and that archive does not answer" in words
    assert re.findall(r"Visit (\d+)", words) == ["1"]
    assert "Try again" in words
    assert "All 3 visits in the history" in words


def test_without_a_script_the_history_is_named_and_its_address_leads_there(
    clinician: StaffBrowser, patient: Patient, sync_replica: Callable[[], None]
) -> None:
    add_visits(patient, [500])
    move_to_archive()
    sync_replica()
    page = section(clinician.get(f"/patients/{patient.id}").text)
    year = (NOW - timedelta(days=500)).year
    assert f"1 visit of {year} is archived: the history has all of them" in page
    assert '<span class="on-paper"> They had not come when this was printed.</span>' in page
    history = f"/patients/{patient.id}/history?kind=visits"
    assert f'href="{history}"' in page
    reply = clinician.get(f"/patients/{patient.id}/visits/newest")
    assert (reply.status_code, reply.headers["Location"]) == (301, history)


def test_archived_visits_that_are_hidden_or_in_error_are_neither_shown_nor_counted(
    clinician: StaffBrowser, patient: Patient, sync_replica: Callable[[], None]
) -> None:
    made = add_visits(patient, [500, 600, 700])
    with databases.write() as session:
        author = make_account(session)
        keep_apart(session, patient_id=patient.id, visit_id=made[0].id, category=Sensitivity.OTHER, by=author)
    before = visits_words(clinician, patient)
    assert re.findall(r"Visit (\d+)", before) == ["600", "700"]
    assert "2 visits since" in before
    move_to_archive()
    sync_replica()
    assert visits_words(clinician, patient) == before
    with databases.write() as session:
        by = session.get_one(Account, author.id)
        ref = f"visit:{made[1].id}"
        corrections.mark_error(session, patient_id=patient.id, ref=ref, reason="wrong patient", by=by)
    sync_replica()
    words = visits_words(clinician, patient)
    assert re.findall(r"Visit (\d+)", words) == ["700"]
    assert "1 visit since" in words
