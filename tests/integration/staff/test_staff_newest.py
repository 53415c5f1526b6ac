"""What a chart shows first is the same whatever tier its rows lie in, and nothing is cut or left out in silence."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.models import Assay, Note, Patient, Sensitivity, Visit, utc_now
from core.picture import rebuild, upkeep
from core.queries import evidence, results
from core.queries.latest_results import latest_results
from core.services.sensitive_visits import keep_apart
from core.stores import databases
from core.stores.databases import Store
from core.stores.tables import hot_table
from tests.factories import make_account, make_assay, make_condition, make_observation, make_prescription, make_visit
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.web.conftest import move_to_archive
from tests.tiers import Tiers


@pytest.fixture
def old_results(patient: Patient, sync_replica: Callable[[], None]) -> list[Visit]:
    """HbA1c at four visits, the newest long ago and normal; LDL once, high, at the oldest. Pictures are built."""
    with databases.write() as session:
        hba1c, ldl = make_assay(session), make_assay(session, code="18262-6", name="LDL", short_name="LDL")
        made = []
        for number, days in enumerate((400, 500, 600, 700)):
            visit = make_visit(session, patient, started_at=utc_now() - timedelta(days=days))
            flag = {"interpretation": "H" if number == 1 else None}
            make_observation(session, visit, hba1c, f"5.{number}", **flag)
            made.append(visit)
        make_observation(session, made[-1], ldl, "191")
    rebuild.rebuild_all()
    sync_replica()
    return made


def results_on(page: str) -> str:
    """The words of the table of newest results."""
    table = page.split('id="results"')[1].split("</table>", maxsplit=1)[0]
    return " ".join(re.sub("<[^>]+>", " ", table).split())


def chart(browser: StaffBrowser, patient: Patient, query: str = "") -> str:
    reply = browser.get(f"/patients/{patient.id}{query}")
    assert reply.status_code == 200
    return str(reply.text)


def test_a_chart_is_the_same_after_an_archive_run_though_the_archive_is_down(
    clinician: StaffBrowser, patient: Patient, old_results: list[Visit], tiers: Tiers, sync_replica: Callable[[], None]
) -> None:
    before = results_on(chart(clinician, patient))
    assert "LDL 191 % high 4–6" in before
    assert "HbA1c 5 % was high: 5.1" in before
    assert "5.1 ↘" in before
    move_to_archive()
    sync_replica()
    assert results_on(chart(clinician, patient)) == before
    tiers.of["visits"].stop("immediate")
    silent = chart(clinician, patient)
    assert results_on(silent) == before
    assert "archive" not in silent.split('id="results"')[1].split("</table>")[0]


def test_a_result_saved_with_a_visit_is_the_newest_at_once(
    clinician: StaffBrowser, patient: Patient, old_results: list[Visit], sync_replica: Callable[[], None]
) -> None:
    move_to_archive()
    with databases.write() as session:
        visit = make_visit(session, patient, started_at=utc_now())
        new = make_observation(session, visit, session.get_one(Assay, 1), "9.4")
        upkeep.refresh(session, patient.id, observation_ids=[new.id])
    sync_replica()
    assert "HbA1c 9.4 % high 4–6 5 ↗" in results_on(chart(clinician, patient))


def test_the_newest_for_a_reader_is_not_of_a_visit_hidden_from_that_reader(
    patient: Patient, old_results: list[Visit]
) -> None:
    hidden = {visit.id for visit in old_results[:3]}
    with databases.write() as session:
        author = make_account(session)
        for visit_id in hidden:
            keep_apart(session, patient_id=patient.id, visit_id=visit_id, category=Sensitivity.OTHER, by=author)
    move_to_archive()
    with databases.read(Store.HOT) as session:
        whole = {one.result.name: one for one in latest_results(session, patient.id).shown}
        for_outsiders = latest_results(session, patient.id, hidden_visits=hidden).shown
    assert [str(whole["HbA1c"].result.value_number), str(whole["HbA1c"].before.value_number)] == ["5", "5.1"]
    assert {(one.result.name, str(one.result.value_number), one.before) for one in for_outsiders} == {
        ("HbA1c", "5.3", None),
        ("LDL", "191", None),
    }


def test_a_long_list_says_what_it_leaves_out(clinician: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        visit = make_visit(session, patient, started_at=utc_now())
        for number in range(43):
            make_observation(session, visit, make_assay(session, code=f"c{number}", short_name=f"Test {number}"))
    page = chart(clinician, patient)
    assert "40 of 43 tests" in page
    assert results_on(page).count("Test ") == 41
    whole = chart(clinician, patient, "?all=1")
    assert results_on(whole).count("Test ") == 44
    assert "43 tests" not in whole


def test_a_picture_that_is_stale_says_what_may_be_missing(
    clinician: StaffBrowser, patient: Patient, old_results: list[Visit], sync_replica: Callable[[], None]
) -> None:
    with databases.write() as session:
        session.execute(hot_table("patient_picture").delete())
        make_observation(session, make_visit(session, patient, started_at=utc_now()), session.get_one(Assay, 1), "9.4")
    move_to_archive()
    sync_replica()
    page = chart(clinician, patient)
    assert "Results of archived visits may be missing here" in page
    assert "HbA1c 9.4 %" in results_on(page)
    assert 191 in {row.fields["value"] for row in evidence.collect(patient.id) if row.type == "observation"}
    rebuild.rebuild_all()
    sync_replica()
    page = chart(clinician, patient)
    assert "may be missing" not in page
    assert "LDL 191 %" in results_on(page)


def test_a_chart_without_results_or_visits_speaks_of_neither(clinician: StaffBrowser, patient: Patient) -> None:
    page = chart(clinician, patient)
    assert "No results are recorded" in page
    assert "archived visits" not in page


def test_a_value_is_called_high_in_one_word_on_every_page(
    clinician: StaffBrowser, patient: Patient, old_results: list[Visit]
) -> None:
    with databases.read(Store.HOT) as session:
        assay_id = session.scalars(select(Assay.id).where(Assay.short_name == "LDL")).one()
    for place in ("", f"/results/{assay_id}", f"/visits/{old_results[-1].id}"):
        page = clinician.get(f"/patients/{patient.id}{place}").text
        assert re.search(r'<span class="tag bad">high</span>', page), place


def test_what_is_to_be_known_first_comes_before_the_long_list_of_results(
    clinician: StaffBrowser, patient: Patient, old_results: list[Visit]
) -> None:
    """On a phone and on paper the page has one column."""
    page = chart(clinician, patient)
    names = ("problems-title", "medicines-title", "results-title", "visits-title", "team-title")
    assert sorted(names, key=lambda name: page.index(f'id="{name}"')) == list(names)


def test_a_medicine_to_be_corrected_is_told_from_another_course_of_it(
    clinician: StaffBrowser, patient: Patient
) -> None:
    with databases.write() as session:
        course = make_prescription(
            session, patient, started_on=date(2024, 3, 1), stopped_on=date(2025, 3, 1), status="completed"
        )
    page = clinician.get(f"/patients/{patient.id}/rows/prescription/{course.id}/correct").text
    assert "completed, from 1 Mar 2024 to 1 Mar 2025" in page


def test_what_belongs_to_no_visit_has_its_place(clinician: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        session.add(Note(patient_id=patient.id, kind="Letter", text="Seen in <b>Penang</b>.", written_at=utc_now()))
        make_condition(session, patient, name="Myocardial infarction", status="resolved", resolved_on=date(2011, 4, 5))
        make_prescription(session, patient, medication="Warfarin 3 mg", status="stopped", stopped_on=date(2020, 1, 2))
        make_prescription(session, patient, medication="Aspirin 100 mg")
        for _ in range(20):
            make_condition(session, patient, name="Cold", status="resolved")
    page = chart(clinician, patient).split('id="outside"')[1].split("</section>")[0]
    for words in ("Seen in &lt;b&gt;Penang&lt;/b&gt;.", "Warfarin 3 mg", "2 Jan 2020", "22 of 23"):
        assert words in page
    assert "Aspirin" not in page
    whole = chart(clinician, patient, "?all=1").split('id="outside"')[1]
    assert "Myocardial infarction" in whole


def test_a_chart_tells_the_patients_number(clinician: StaffBrowser, patient: Patient) -> None:
    assert re.search(rf'Patient <span class="num">{patient.id}</span>', chart(clinician, patient))


@pytest.mark.parametrize(("values", "says"), [(2, False), (3, True)])
def test_a_trend_that_is_cut_says_so(
    clinician: StaffBrowser, patient: Patient, monkeypatch: pytest.MonkeyPatch, values: int, says: bool
) -> None:
    monkeypatch.setitem(results.trend.__kwdefaults__, "limit", 2)
    with databases.write() as session:
        assay = make_assay(session)
        for number in range(values):
            visit = make_visit(session, patient, started_at=utc_now() - timedelta(days=number))
            make_observation(session, visit, assay, f"5.{number}")
    page = clinician.get(f"/patients/{patient.id}/results/{assay.id}").text
    assert "5.1" in page
    assert "5.2" not in page
    assert ("There are older values than these. They are the newest 2" in page) is says
