"""The timeline's reads, and those of what is taken along, as SQL Server is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models.record_types import REPORT, VISIT, archive_table
from core.picture.spans import spans_query
from core.queries import timeline, timeline_ends
from core.queries.periods import Period
from core.queries.reports.replacements import that_replace
from core.queries.timeline import TimelineReading
from core.queries.timeline_items import Kind
from core.queries.whole_record import WholeReading
from core.stores.archived import Window
from core.stores.hot_and_archived import that_find_any
from core.stores.tables import hot_table, signed_view
from tests.unit.engines.compiled_tsql import compiled

ZONE = ZoneInfo("Asia/Singapore")


def test_a_period_is_two_bounds_of_instants_or_of_days() -> None:
    reading = TimelineReading.__new__(TimelineReading)
    reading.zone = ZONE
    visit, medicine = hot_table("visit"), hot_table("prescription")
    assert compiled(select(visit.c.id).where(*reading.within(visit.c.started_at, Period(2024, 12)))) == (
        "SELECT visit.id FROM visit WHERE visit.started_at >= '2024-12-01 00:00:00+08:00'"
        " AND visit.started_at < '2025-01-01 00:00:00+08:00'"
    )
    assert compiled(select(medicine.c.id).where(*reading.within(medicine.c.started_on, Period(2024)))) == (
        "SELECT prescription.id FROM prescription WHERE prescription.started_on >= '2024-01-01'"
        " AND prescription.started_on < '2025-01-01'"
    )


def test_months_and_years_begin_in_the_zone_of_the_pages() -> None:
    start, end = Period(2025).bounds(ZONE)
    assert (start.astimezone(UTC), end.astimezone(UTC)) == (
        datetime(2024, 12, 31, 16, tzinfo=UTC),
        datetime(2025, 12, 31, 16, tzinfo=UTC),
    )
    assert Kind("results") is Kind.RESULTS


def test_what_is_hidden_is_left_out_of_what_is_taken_along() -> None:
    table = hot_table("note")
    query = WholeReading(None, 7, frozenset({3}), False).mine(table, select(table.c.id))  # type: ignore[arg-type]
    assert compiled(query) == (
        "SELECT note.id FROM note WHERE note.patient_id = 7 AND (note.visit_id IS NULL OR (note.visit_id NOT IN (3)))"
    )


class Asked:
    """Stands where a session would, and keeps what it is asked."""

    def __init__(self, *answer: Any) -> None:
        self.info: dict[str, Any] = {}
        self.answer, self.statements = answer, list[str]()

    def scalars(self, statement: Any) -> Any:
        self.statements.append(compiled(statement))
        return iter(self.answer)

    def execute(self, statement: Any) -> Any:
        self.statements.append(compiled(statement))
        return SimpleNamespace(one=lambda: self.answer)


def test_which_kinds_have_any_row_is_asked_at_once() -> None:
    note, visit = hot_table("note"), hot_table("visit")
    session = Asked(1)
    queries = {
        "notes": select(note.c.id).where(note.c.patient_id == 7),
        "visits": select(visit.c.id).where(visit.c.patient_id == 7).order_by(visit.c.id).limit(9),
    }
    assert that_find_any(cast(Session, session), queries) == {"visits"}
    assert session.statements == [
        "SELECT 0 AS number WHERE EXISTS (SELECT note.id FROM note WHERE note.patient_id = 7)"
        " UNION ALL SELECT 1 AS number WHERE EXISTS (SELECT visit.id FROM visit WHERE visit.patient_id = 7)"
    ]


def test_when_each_kind_begins_and_ends_is_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "page_zone", lambda: ZONE)
    session = Asked(datetime(2024, 5, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC), None, None)
    session.info["snapshot"] = {("holdings", 7): {}}
    reading = TimelineReading(cast(Session, session), 7, Kind.VISITS, None, frozenset())
    assert reading.years() == (2026, 2025, 2024)
    [asked] = session.statements
    assert asked.startswith("SELECT ends0.first, ends0.last FROM (SELECT min(visit.started_at) AS first,")
    every = Asked(*[None] * 12)
    every.info["snapshot"] = {("holdings", 7): {}}
    assert TimelineReading(cast(Session, every), 7, Kind.ALL, None, frozenset()).years() == ()
    [asked] = every.statements
    assert asked.count(" ON 1 = 1") == 5


def test_when_an_archives_rows_of_a_kind_begin_and_end_is_told_by_it_in_one_row() -> None:
    medicine = hot_table("prescription")
    owned = select(medicine).where(medicine.c.id > 3)
    query = timeline_ends.whole(owned, medicine.c.started_on, [medicine.c.patient_id == 7])
    assert compiled(query) == (
        "SELECT min(prescription.started_on) AS first, max(prescription.started_on) AS last,"
        " count(*) AS rows, count(prescription.started_on) AS dated"
        " FROM prescription WHERE prescription.id > 3 AND prescription.patient_id = 7"
    )


def test_what_pages_show_is_a_visits_start_and_a_report_that_was_signed() -> None:
    asked = [compiled(spans_query(kind, archive_table(kind.root), [7], Window(5, ()))) for kind in (VISIT, REPORT)]
    signed = "CASE WHEN (report.state = 'signed') THEN report.closed_at ELSE CAST(NULL AS DATETIMEOFFSET(6)) END"
    for query, root, at in zip(asked, ("visit", "report"), ("visit.started_at", signed), strict=True):
        assert query == (
            f"SELECT {root}.patient_id AS patient_id, count({at}) AS roots, min({at}) AS first_at, max({at}) AS last_at"
            f" FROM {root} WHERE {root}.patient_id IN (SELECT id FROM OPENJSON('[7]') WITH (id bigint '$'))"
            f" AND {root}.batch_id <= 5 GROUP BY {root}.patient_id"
        )


def test_a_replacement_is_looked_for_among_one_patients_signed_reports() -> None:
    table = signed_view("report")
    assert compiled(that_replace(table, select(table.c.id), patient_id=7, report_ids=[3])) == (
        "SELECT signed.report.id FROM signed.report WHERE signed.report.patient_id = 7"
        " AND signed.report.state = 'signed' AND signed.report.replaces_id IN (3)"
    )
