"""A row entered in error bears out no signature and no draft; a signed report says what was corrected since."""

from __future__ import annotations

import pytest

from core.models import CareTeamMember, Observation
from core.queries import evidence
from core.queries.reports import signed_report
from core.services import corrections, reports
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD
from tests.report_records import Record, view

WHY = "It is of another patient."


def take_out(record: Record, ref: str) -> None:
    with databases.write() as session:
        if session.get(CareTeamMember, (record.patient_id, record.doctor.id)) is None:
            session.add(CareTeamMember(patient_id=record.patient_id, account_id=record.doctor.id, added_by=None))
            session.flush()
        corrections.mark_error(session, patient_id=record.patient_id, ref=ref, reason=WHY, by=record.doctor)


def put_back(record: Record, ref: str) -> None:
    with databases.write() as session:
        corrections.reinstate(session, patient_id=record.patient_id, ref=ref, reason=WHY, by=record.doctor)


def sign(report_id: int, record: Record) -> None:
    with databases.write() as session:
        reports.sign(session, report_id=report_id, by=record.doctor, password=PASSWORD)


def visit_of(record: Record) -> str:
    with databases.read(Store.HOT) as session:
        return f"visit:{session.get_one(Observation, record.latest_id).visit_id}"


def test_a_draft_that_cites_a_row_entered_in_error_can_not_be_signed_until_that_is_undone(
    ready_report: int, record: Record
) -> None:
    ref = f"observation:{record.latest_id}"
    take_out(record, ref)
    assert ref in view(ready_report).stale_refs
    with pytest.raises(reports.StaleSource) as fault:
        sign(ready_report, record)
    assert ref in fault.value.refs
    put_back(record, ref)
    sign(ready_report, record)


def test_evidence_never_takes_a_row_entered_in_error(record: Record) -> None:
    ref = f"observation:{record.latest_id}"
    with databases.read(Store.HOT) as session:
        assert ref in {row.ref for row in evidence.gather(session, record.patient_id)}
    take_out(record, ref)
    with databases.read(Store.HOT) as session:
        assert ref not in {row.ref for row in evidence.gather(session, record.patient_id)}


@pytest.mark.parametrize("whole_visit", [False, True])
def test_a_signed_report_says_which_cited_rows_were_corrected_since(
    ready_report: int, record: Record, whole_visit: bool
) -> None:
    cited = f"observation:{record.latest_id}"
    sign(ready_report, record)
    assert view(ready_report).corrected == {}
    ref = visit_of(record) if whole_visit else cited
    take_out(record, ref)
    found = view(ready_report).corrected
    assert found[cited].is_out
    with databases.read(Store.HOT) as session:
        told = signed_report(session, ready_report, record.patient_id)
    assert told is not None
    assert len(told.corrected) == len(found)
    assert told.holds
    put_back(record, ref)
    assert view(ready_report).corrected == {}
