"""A signed report reads the same from the archive, and its signature still holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.models import Report, utc_now
from core.queries import reports as reads
from core.services import archive, archive_restore, reports
from core.stores import databases
from core.stores.archived import ColdUnavailable, breakers
from core.stores.databases import Store
from tests.factories import PASSWORD
from tests.report_records import Record, view
from tests.tiers import Tiers
from workers.archive import driver


@pytest.fixture
def archived_report(ready_report: int, record: Record) -> int:
    with databases.write() as session:
        reports.sign(session, report_id=ready_report, by=record.doctor, password=PASSWORD)
    with databases.write() as session:
        session.execute(update(Report).values(closed_at=utc_now() - timedelta(days=300)))
    return ready_report


def move_to_archive() -> None:
    with databases.write() as session:
        run_id = archive.start_run(session, record_type="report", by=None).id
    driver.drive(run_id)
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Report.id)).all() == []


def test_it_reads_the_same_and_the_signature_holds(archived_report: int, record: Record) -> None:
    hot = view(archived_report)
    move_to_archive()
    cold = view(archived_report)
    assert cold == replace(hot, is_archived=True)
    assert cold.signature is not None
    assert cold.signature.holds


def test_it_comes_back_as_it_was(archived_report: int, record: Record, sync_replica: Callable[[], None]) -> None:
    hot = view(archived_report)
    move_to_archive()
    with databases.write() as session:
        run_id = archive_restore.start_patient_restore(
            session, patient_id=record.patient_id, record_type="report", by=None
        ).id
    driver.drive(run_id)
    sync_replica()
    assert view(archived_report) == hot


def test_its_patient_finds_it_and_is_told_how_many_there_are(archived_report: int, record: Record) -> None:
    move_to_archive()
    with databases.read(Store.HOT) as session:
        known = reads.signed_for_patient(session, record.patient_id)
        listed = reads.signed_for_patient(session, record.patient_id, with_archived=True)
        signed = reads.signed_report(session, archived_report, record.patient_id)
        other = reads.signed_report(session, archived_report, record.patient_id + 1)
    assert known.items == ()
    assert known.held is not None
    assert known.held.roots == 1
    assert [item.id for item in listed.items] == [archived_report]
    assert signed is not None
    assert signed.holds
    assert "Drafted by software" in signed.note
    assert other is None


def test_with_the_archive_down_it_is_never_called_absent(archived_report: int, record: Record, tiers: Tiers) -> None:
    move_to_archive()
    tiers.of["reports"].stop()
    with databases.read(Store.HOT) as session, pytest.raises(ColdUnavailable):
        reads.signed_report(session, archived_report, record.patient_id)
    breakers["reports"].answered()


def test_it_can_still_be_amended(archived_report: int, record: Record) -> None:
    move_to_archive()
    with databases.write() as session:
        new = reports.request(session, patient_id=record.patient_id, by=record.doctor, replaces_id=archived_report)
    assert new.replaces_id == archived_report
