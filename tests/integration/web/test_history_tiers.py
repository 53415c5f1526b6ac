"""The history has the same years and lines whatever tier its rows lie in, and names a silent archive once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.models import Account, Patient, Prescription, Sensitivity
from core.queries import timeline as queries
from core.queries.periods import Period
from core.queries.timeline_items import Kind
from core.services import corrections
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
