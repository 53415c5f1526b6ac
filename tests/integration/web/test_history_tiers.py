"""The history has the same years and lines whatever tier its rows lie in, and names a silent archive once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.models import Account, Batch, Holding, Patient, Prescription, Report, ReportState, Sensitivity
from core.picture import spans
from core.queries import timeline as queries
from core.queries.periods import Period
from core.queries.timeline_items import Kind
from core.queries.visit_overview import overview
from core.services import archive, archive_restore, corrections
from core.services.sensitive_visits import keep_apart
from core.stores import databases
from core.stores.databases import Store
from tests.factories import (
    NOW,
    make_account,
    make_assay,
    make_condition,
    make_observation,
    make_prescription,
    make_visit,
)
from tests.integration.web.conftest import Browser, move_to_archive
from tests.tiers import Tiers
from workers.archive import driver

GAP = "can&#39;t be shown right now"


@pytest.fixture
def record(database: Any, patient: Patient) -> list[int]:
    """Visits of 2013, 2015 and 2016; at the middle one a result, a medicine and a problem of earlier days."""
    with databases.write() as session:
        made = [
            make_visit(session, patient, started_at=datetime(year, 6, 1, tzinfo=UTC), description=f"Visit of {year}")
            for year in (2013, 2015, 2016)
        ]
        middle = {"visit_id": made[1].id}
        make_observation(session, made[1], make_assay(session, code="2160-0", short_name="Creatinine"), "77")
        make_prescription(session, patient, medication="Old", status="completed", started_on=date(2014, 2, 1), **middle)
        make_condition(session, patient, name="Measles", status="resolved", onset_on=date(1970, 5, 1), **middle)
        session.add(Prescription(patient_id=patient.id, medication="Undated", status="stopped"))
        return [visit.id for visit in made]


def told(patient: Patient, kind: Kind) -> list[Any]:
    """Every year of a kind with its lines, whatever tier they are of."""
    with databases.read(Store.HOT) as session:
        years = queries.timeline(session, patient.id, kind=kind).years
        of_years = [
            queries.timeline(session, patient.id, kind=kind, period=period)
            for period in (*map(Period, years), Period(None))
        ]
    return [
        (one.period, one.years, one.gaps, one.has_undated, [replace(item, is_archived=False, visit=None, result=None)
         for item in one.items])
        for one in of_years
    ]  # fmt: skip


@pytest.mark.parametrize("kind", list(Kind))
def test_the_years_of_each_kind_are_the_same_after_an_archive_run(
    patient: Patient, record: list[int], kind: Kind
) -> None:
    before = told(patient, kind)
    move_to_archive()
    assert told(patient, kind) == before


def test_a_year_that_loads_in_place_does_not_name_the_same_gap_again(
    signed_in: Browser, record: list[int], tiers: Tiers, sync_replica: Callable[[], None]
) -> None:
    move_to_archive()
    sync_replica()
    tiers.of["visits"].stop("immediate")
    page = signed_in.get("/history?kind=visits&year=2016").text
    assert page.count(GAP) == 1
    assert 'hx-get="/history?kind=visits&amp;year=2015&amp;told=1"' in page
    older = signed_in.get("/history?kind=visits&year=2015&told=1", headers={"HX-Request": "true"}).text
    assert GAP not in older
    assert "What the archive has of 2015 is missing here too" in older
    assert "told=1" in older
    assert "told" not in older.partition("hx-get")[0], "a link of its own names the gap"


def test_a_gap_counts_neither_hidden_visits_nor_those_entered_in_error(
    patient: Patient, record: list[int], tiers: Tiers
) -> None:
    with databases.write() as session:
        author = make_account(session)
        keep_apart(session, patient_id=patient.id, visit_id=record[0], category=Sensitivity.OTHER, by=author)
    move_to_archive()
    with databases.write() as session:
        by = session.get_one(Account, author.id)
        corrections.mark_error(
            session, patient_id=patient.id, ref=f"visit:{record[2]}", reason="of another patient", by=by
        )
    tiers.of["visits"].stop("immediate")
    for hidden, roots in ((frozenset({record[0]}), [1]), (frozenset(), [2]), (frozenset(record[:2]), [])):
        with databases.read(Store.HOT) as session:
            found = queries.timeline(session, patient.id, kind=Kind.VISITS, period=Period(2015), hidden_visits=hidden)
        assert [gap.roots for gap in found.gaps] == roots
    assert NOW.year > 2016


@pytest.fixture
def over_the_turn_of_years(patient: Patient) -> None:
    """Visits that begin in one year and end in the next, and a report that nobody signed, older than all."""
    with databases.write() as session:
        by = make_account(session)
        for year in (2013, 2015):
            start = datetime(year, 12, 30, tzinfo=UTC)
            make_visit(session, patient, started_at=start, ended_at=start + timedelta(days=40))
        make_visit(session, patient, started_at=datetime(2014, 2, 3, tzinfo=UTC))
        for year, state in ((2009, ReportState.REJECTED), (2012, ReportState.SIGNED)):
            at = datetime(year, 6, 1, tzinfo=UTC)
            session.add(Report(patient_id=patient.id, state=state, requested_by=by.id, requested_at=at, closed_at=at))


def numbers(patient: Patient) -> list[Any]:
    """The years of each kind, what an overview counts, and from when."""
    with databases.read(Store.HOT) as session:
        told = overview(session, patient.id)
        years = [queries.timeline(session, patient.id, kind=kind).years for kind in Kind]
        return [*years, told.total, told.since]


def test_no_year_is_offered_by_how_an_archive_sorts_its_rows(
    patient: Patient, over_the_turn_of_years: None, tiers: Tiers
) -> None:
    before = numbers(patient)
    assert before[:2] == [(2015, 2014, 2013, 2012), (2015, 2014, 2013)]
    move_to_archive()
    move_to_archive("report")
    assert numbers(patient) == before
    for record_type in ("visit", "report"):
        with databases.write() as session:
            run_id = archive_restore.start_patient_restore(
                session, patient_id=patient.id, record_type=record_type, by=None
            ).id
        driver.drive(run_id)
    assert numbers(patient) == before


def test_what_a_restore_leaves_in_the_archive_is_told_as_a_page_shows_it(
    patient: Patient, over_the_turn_of_years: None, by_time: None
) -> None:
    before = numbers(patient)
    with databases.write() as session:
        run_id = archive.start_run(session, record_type="visit", by=None, as_of=NOW, batch_rows=1).id
    driver.drive(run_id)
    with databases.write() as session:
        # By their ends the visit of 2014 moved first, then the one that began before it.
        began_first = session.scalars(select(Batch.id).order_by(Batch.id).offset(1).limit(1)).one()
        run_id = archive_restore.start_batch_restore(session, batch_id=began_first, by=None).id
    driver.drive(run_id)
    with databases.read(Store.HOT) as session:
        holding = session.get_one(Holding, (patient.id, "visit"))
        assert (holding.roots, holding.shown_roots) == (2, 2)
        assert holding.shown_first_at == datetime(2014, 2, 3, tzinfo=UTC)
        assert holding.shown_last_at == datetime(2015, 12, 30, tzinfo=UTC)
    assert numbers(patient) == before


def test_of_holdings_that_nobody_has_looked_at_a_year_too_many_is_offered_and_none_too_few(
    patient: Patient, over_the_turn_of_years: None
) -> None:
    before = numbers(patient)
    move_to_archive()
    move_to_archive("report")
    with databases.write() as session:
        session.execute(update(Holding).values(shown_roots=None, shown_first_at=None, shown_last_at=None))
    for was, now in zip(before[:-2], numbers(patient), strict=False):
        assert set(was) <= set(now)
    assert (spans.fill_all(), spans.fill_all()) == (2, 0)
    assert numbers(patient) == before


def test_neither_the_first_visit_nor_a_year_is_one_that_does_not_count(
    patient: Patient, record: list[int], tiers: Tiers
) -> None:
    with databases.write() as session:
        author = make_account(session)
        keep_apart(session, patient_id=patient.id, visit_id=record[0], category=Sensitivity.OTHER, by=author)
        corrections.mark_error(
            session, patient_id=patient.id, ref=f"visit:{record[2]}", reason="of another patient", by=author
        )
    hidden = frozenset({record[0]})

    def told() -> Any:
        with databases.read(Store.HOT) as session:
            years = queries.timeline(session, patient.id, kind=Kind.VISITS, hidden_visits=hidden).years
            counted = overview(session, patient.id, hidden_visits=hidden, asks_archive=True)
            return years, counted.total, counted.since

    before = told()
    assert before[:2] == ((2015,), 1)
    move_to_archive()
    assert told() == before
    tiers.of["visits"].stop("immediate")
    assert told()[1:] == (1, None)
