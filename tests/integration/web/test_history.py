"""The patient's timeline: each row once and in its year, hot or archived, and no choice is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from core.models import Assay, Condition, Note, Patient, Prescription, Visit
from core.queries import timeline as queries
from core.queries.periods import Period
from core.queries.timeline_items import Kind
from core.stores import databases
from core.stores.databases import Store
from tests.factories import (
    NOW,
    make_account,
    make_assay,
    make_condition,
    make_note,
    make_observation,
    make_prescription,
    make_visit,
)
from tests.integration.web.conftest import Browser, events, move_to_archive
from tests.ready_report import make_ready_report, sign_ready_report
from tests.tiers import Tiers

OLD = NOW - timedelta(days=800)
TITLE = re.compile(r"<h3>(?:<a[^>]*>)?([^<]+)")


def titles(page: str) -> list[str]:
    return [title.strip() for title in TITLE.findall(page.rpartition("<main")[2])]


@pytest.fixture
def record(patient: Patient) -> int:
    """Visits of 2026 and 2024, the older archived; rows that belong to none; a signed report. The creatinine's id."""
    with databases.write() as session:
        doctor = make_account(session)
        ready = make_ready_report(session, patient, doctor)
    sign_ready_report(ready, doctor)
    with databases.write() as session:
        old = make_visit(session, patient, started_at=OLD, description="Old review")
        make_note(session, old, "Old note")
        creatinine = make_assay(session, code="2160-0", short_name="Creatinine")
        make_observation(session, old, creatinine, "77")
        make_observation(session, old, make_assay(session, code="2345-7", short_name="Glucose"), "5")
        make_prescription(session, patient, visit_id=old.id, medication="Old medicine", status="completed",
                          started_on=OLD.date())  # fmt: skip
        session.add(Note(patient_id=patient.id, kind="Letter", text="From afar.", written_at=OLD))
        session.add(Prescription(patient_id=patient.id, medication="Undated medicine", status="stopped"))
        session.add(Condition(patient_id=patient.id, name="Measles", status="resolved", onset_on=date(1970, 5, 1)))
    move_to_archive()
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 1
    return creatinine.id


@pytest.fixture
def page(signed_in: Browser, record: int, sync_replica: Callable[[], None]) -> Callable[[str], str]:
    def get(query: str) -> str:
        sync_replica()
        reply = signed_in.get(f"/history{query}")
        assert reply.status_code == 200
        return str(reply.text)

    return get


def test_each_year_has_its_rows_and_the_next_one_loads_in_place(page: Callable[[str], str]) -> None:
    newest = page("")
    assert titles(newest)[0] == "Health report"
    assert "Diabetes review" in titles(newest)
    assert 'hx-get="/history?year=2025"' in newest
    assert "2 visits since 2024" in newest
    assert sorted(titles(page("?year=2024"))) == ["Note: Letter", "Old review"]
    assert titles(page("?year=1970")) == ["Condition: Measles"]
    assert titles(page("?year=undated")) == ["Medicine: Undated medicine"]
    assert titles(page("?year=2001")) == []


def test_a_kind_and_a_test_are_kept_from_year_to_year(page: Callable[[str], str], record: int) -> None:
    results = page("?kind=results&year=2024")
    assert sorted(titles(results)) == ["Creatinine", "Glucose"]
    assert 'href="/history?kind=results&amp;year=2026"' in results
    one = page(f"?kind=results&test={record}&year=2024")
    assert titles(one) == ["Creatinine"]
    assert f'href="/history?kind=results&amp;test={record}&amp;year=undated"' not in one
    assert titles(page("?kind=medicines&year=2024")) == ["Medicine: Old medicine"]
    assert sorted(titles(page("?kind=notes&year=2024&month=9"))) == ["Note: Letter", "Note: Progress note"]
    assert titles(page("?kind=notes&year=2024&month=8")) == []
    assert titles(page("?kind=reports")) == ["Health report"]


def test_what_was_measured_on_a_day_stands_before_what_was_answered_on_it(
    signed_in: Browser, patient: Patient, sync_replica: Callable[[], None]
) -> None:
    with databases.write() as session:
        visit = make_visit(session, patient)
        for code, name, category, minutes in (
            ("2951-2", "Sodium", "laboratory", 0), ("2345-7", "Glucose", "laboratory", 0),
            ("56799-0", "What address do you live at?", "laboratory", 5), ("44261-6", "PHQ-9", "survey", 9),
        ):  # fmt: skip
            assay = make_assay(session, code=code, name=name, short_name=name, category=category)
            make_observation(session, visit, assay, "5", observed_at=NOW + timedelta(minutes=minutes))
        make_observation(session, visit, make_assay(session, code="8302-2", name="Height", short_name="Height"),
                         observed_at=NOW + timedelta(days=1))  # fmt: skip
    sync_replica()
    page = signed_in.get(f"/history?kind=results&year={NOW.year}").text
    assert titles(page) == ["Height", "Glucose", "Sodium", "PHQ-9", "What address do you live at?"]


def test_htmx_gets_the_year_only(signed_in: Browser, record: int) -> None:
    reply = signed_in.get("/history?year=2024", headers={"HX-Request": "true"})
    assert reply.text.lstrip().startswith('<section class="of-year"')
    assert 'id="main"' not in reply.text


def test_a_silent_archive_is_a_gap_in_its_years_alone(signed_in: Browser, record: int, tiers: Tiers) -> None:
    tiers.of["visits"].stop("immediate")
    assert "can&#39;t be shown" not in signed_in.get("/history").text
    silent = signed_in.get("/history?year=2024")
    assert silent.status_code == 200
    assert "1 older visit from September 2024 to September 2024" in silent.text
    assert titles(silent.text)[-1] == "Note: Letter"
    assert "Old review" not in silent.text


def test_nonsense_is_refused_and_each_look_is_recorded(signed_in: Browser, record: int) -> None:
    for query in ("?kind=x", "?year=1", "?year=abc", "?month=13", "?test=0"):
        assert signed_in.get(f"/history{query}").status_code == 400, query
    signed_in.get("/history")
    assert [event.outcome for event in events("history.read")] == ["allow"]


def test_no_row_is_told_twice_or_lost_in_any_kind(database: Any, record: int, patient: Patient) -> None:
    wanted = {Kind.VISITS: 2, Kind.RESULTS: 3, Kind.MEDICINES: 2, Kind.PROBLEMS: 1, Kind.NOTES: 2, Kind.REPORTS: 1}
    with databases.read(Store.HOT) as session:
        for kind, many in wanted.items():
            first = queries.timeline(session, patient.id, kind=kind)
            periods = [*map(Period, first.years), Period(None)]
            found = [queries.timeline(session, patient.id, kind=kind, period=period).items for period in periods]
            ids = [item.id for items in found for item in items]
            assert (len(ids), len(set(ids))) == (many, many), kind


def test_a_full_year_says_so_and_offers_months(
    signed_in: Browser, patient: Patient, sync_replica: Callable[[], None]
) -> None:
    with databases.write() as session:
        for _ in range(queries.ROWS_MAX + 1):
            session.add(Note(patient_id=patient.id, kind="Letter", text="x", written_at=NOW))
        session.add(Assay(code="x", name="x", short_name="x", category="laboratory"))
    sync_replica()
    text = signed_in.get("/history?kind=notes").text
    assert "There is more in 2026 than is shown" in text
    assert "month=11" in text


def test_a_patient_reads_no_kinds_of_coded_names(
    signed_in: Browser, patient: Patient, sync_replica: Callable[[], None]
) -> None:
    with databases.write() as session:
        visit = make_visit(session, patient, description="Home visit (procedure)", reason="Gout (disorder)")
        make_condition(session, patient, name="Stress (finding)", status="active", onset_on=NOW.date())
        make_condition(session, patient, name="Fall (event)", status="resolved", visit_id=visit.id)
    sync_replica()
    for place in ("/history", "/history?kind=problems", "/record", f"/visits/{visit.id}"):
        page = signed_in.get(place).text
        assert re.search(r"Stress|Home visit|Fall", page), place
        assert not re.search(r"\((procedure|disorder|finding|event)\)", page), place
