"""The timeline's reads, and those of what is taken along, as SQL Server is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.queries.timeline import Period, TimelineReading
from core.queries.timeline_items import Kind
from core.queries.whole_record import WholeReading
from core.stores.tables import hot_table
from tests.unit.engines.test_mssql_statements import compiled

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
