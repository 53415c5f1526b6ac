"""Figures of the tiers stay true and cheap when there is much to count, or when the oldest row is hard to find."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from core.models import utc_now
from core.queries import tier_watch, tiers
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_patient, make_visit


def test_a_held_row_does_not_make_the_archive_late(database: Settings) -> None:
    with databases.write() as session:
        held, other = make_patient(session, legal_hold=True), make_patient(session)
        make_visit(session, held, started_at=utc_now() - timedelta(days=4000))
        make_visit(session, other, started_at=utc_now() - timedelta(days=database.visit_hot_days + 2))
    with databases.read(Store.HOT) as session:
        assert tiers.days_overdue(session) == pytest.approx(2, abs=0.1)


@pytest.mark.usefixtures("database")
def test_the_alert_of_late_rows_counts_none() -> None:
    said: list[str] = []
    with databases.read(Store.HOT) as session:
        event.listen(session.connection(), "before_cursor_execute", lambda *args: said.append(args[2]))
        assert tiers.days_overdue(session) == 0
    assert said
    assert [one for one in said if "count(" in one.lower()] == []


def test_a_count_ends_where_it_says_so(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "COUNT_MAX", 2)
    with databases.write() as session:
        patient = make_patient(session)
        for _ in range(2):
            make_visit(session, patient, started_at=utc_now() - timedelta(days=database.visit_hot_days + 2))
    with databases.read(Store.HOT) as session:
        assert _visits(session).roots == 2
        assert not _visits(session).is_more
    with databases.write() as session:
        make_visit(session, patient, started_at=utc_now() - timedelta(days=database.visit_hot_days + 3))
    with databases.read(Store.HOT) as session:
        assert _visits(session).roots == 2
        assert _visits(session).is_more


def _visits(session: Any) -> tiers.ColdCount:
    return next(count for count in tiers.cold_now(session) if count.record_type == "visit")


@pytest.mark.only_on_postgresql("LOCK TABLE")
@pytest.mark.usefixtures("database")
def test_a_primary_that_answers_is_up_however_long_its_oldest_row_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier_watch, "FRESH_SECONDS", 0.0)
    with databases.write() as session:
        make_visit(session, make_patient(session))
    assert tiers.health()[0].oldest_at is not None
    with databases.write() as session:
        session.execute(text("LOCK TABLE visit IN ACCESS EXCLUSIVE MODE"))
        primary = tiers.health()[0]
    assert primary.up
    assert primary.size_bytes
    assert primary.oldest_what is None
