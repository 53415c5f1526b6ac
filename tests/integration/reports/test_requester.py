"""A report is made in the name of whoever asked for it, and stops when they may not ask any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.models import ReportState
from core.services import accounts, reports
from core.stores import databases
from tests.report_records import Record, view
from workers.reports import jobs, loop


def test_a_report_of_somebody_who_may_not_ask_any_more_stops(
    record: Record, request_report: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = request_report()
    drafted = loop.STEPS[ReportState.DRAFTING]

    def lose_the_right(lease: Any) -> None:
        drafted(lease)
        with databases.write() as session:
            accounts.set_active(session, account_id=record.doctor.id, active=False)

    monkeypatch.setattr(loop, "STEPS", {**loop.STEPS, ReportState.DRAFTING: lose_the_right})
    jobs.draft_report(report_id)
    stopped = view(report_id)
    assert stopped.state == ReportState.FAILED
    assert stopped.reason == "Dr Nair may not ask for reports any more: another clinician can try again"
    monkeypatch.undo()
    with databases.write() as session:
        reports.retry_failed(session, report_id=report_id, by=record.colleague)
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
