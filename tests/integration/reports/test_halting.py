"""The loop is halted at once and goes on later: nothing is lost, asked twice or drafted in between."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from core.access.permissions import PermissionDenied
from core.models import AccessEvent, ModelCall, OutboxMessage, Report, ReportState, Role
from core.queries import reports as reads
from core.services import reports
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD, make_account
from tests.report_records import Record, view
from workers.reports import jobs, loop


def halt(reason: str = "pass rate fell") -> None:
    with databases.write() as session:
        reports.halt(session, reason=reason, by=None)


def resume() -> int:
    with databases.write() as session:
        return reports.resume(session, by=None)


def calls() -> int:
    with databases.read(Store.HOT) as session:
        return len(session.scalars(select(ModelCall.id)).all())


def test_a_new_request_waits_with_the_reason_and_goes_on(request_report: Callable[[], int]) -> None:
    halt()
    report_id = request_report()
    assert jobs.draft_report(report_id) == f"report {report_id} waits: halted by the command: pass rate fell"
    assert (view(report_id).state, view(report_id).reason) == (
        ReportState.REQUESTED,
        "halted by the command: pass rate fell",
    )
    assert jobs.resume_reports() == "the report loop is halted"
    assert calls() == 0
    assert resume() == 1
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(OutboxMessage.arguments).order_by(OutboxMessage.id.desc())).first() == {
            "report_id": report_id
        }
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    assert view(report_id).reason is None


def test_a_running_report_stops_at_its_next_step_and_pays_nothing_twice(
    request_report: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = request_report()
    drafted = loop.STEPS[ReportState.DRAFTING]

    def draft_then_halt(lease: object) -> None:
        drafted(lease)  # type: ignore[arg-type]
        halt()

    monkeypatch.setitem(loop.STEPS, ReportState.DRAFTING, draft_then_halt)  # type: ignore[arg-type]
    assert "waits" in jobs.draft_report(report_id)
    assert view(report_id).state == ReportState.CHECKING
    assert calls() == 1
    monkeypatch.undo()
    resume()
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(ModelCall.role)).all().count("drafter") == 1


def test_signing_goes_on_while_the_loop_is_halted(ready_report: int, record: Record) -> None:
    halt()
    with databases.write() as session:
        reports.sign(session, report_id=ready_report, by=record.doctor, password=PASSWORD)
    assert view(ready_report).state == ReportState.SIGNED


def test_only_an_admin_halts_with_a_reason_once(record: Record) -> None:
    with databases.write() as session:
        admin = make_account(session, role=Role.ADMIN)
        with pytest.raises(PermissionDenied):
            reports.halt(session, reason="x", by=record.doctor)
        with pytest.raises(reports.BadHalt, match="Say why"):
            reports.halt(session, reason=" ", by=admin)
        with pytest.raises(reports.BadHalt, match="not halted"):
            reports.resume(session, by=admin)
        reports.halt(session, reason="injection found", by=admin)
        with pytest.raises(reports.BadHalt, match="already"):
            reports.halt(session, reason="again", by=admin)
        event = session.scalars(select(AccessEvent).where(AccessEvent.action == "reports.halt")).one()
        assert (event.account_id, event.purpose) == (admin.id, "injection found")


def test_every_report_of_a_model_or_prompt_is_listed(ready_report: int, sync_replica: Callable[[], None]) -> None:
    sync_replica()
    with databases.read(Store.REPLICA) as session:
        made = reads.made_by(session, model="strata-offline-rules")
        version = session.get_one(Report, ready_report).prompt_version or ""
        assert [(m.id, m.archived) for m in made] == [(ready_report, False)]
        assert reads.made_by(session, prompt_version=version.split("+")[0]) == made
        assert reads.made_by(session, model="another") == []
