"""Endpoints that can't be held to a schema, and endpoints that fail: what the loop does about either."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from core.jobs import outbox
from core.models import ModelCall, ReportState
from core.services import reports
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from evals.offline_model.server import OfflineModel
from tests.factories import make_allergy, make_patient
from tests.report_records import Record, view
from workers.reports import breaker, client, jobs

NOW = datetime(2026, 11, 12, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.reports.calls.PAUSE_FIRST_SECONDS", 0.01)


@pytest.mark.parametrize("schemas", ["object", "none"])
def test_an_endpoint_without_strict_schemas_works_when_that_is_declared(
    request_report: Callable[[], int], configured: Callable[..., Settings], schemas: str
) -> None:
    report_id = request_report()
    with OfflineModel(schemas=schemas) as server:
        databases.configure(_with(configured(), server, "strict"))
        jobs.draft_report(report_id)
        assert "answered 400" in (view(report_id).reason or "")
        with databases.write() as session:
            reports.retry_failed(session, report_id=report_id, by=_doctor(report_id))
        databases.configure(_with(configured(), server, schemas))
        assert jobs.draft_report(report_id) == f"report {report_id} is ready"
        assert not any(claim.flagged for claim in view(report_id).claims)


def test_without_a_schema_a_bad_answer_is_still_refused(
    request_report: Callable[[], int], configured: Callable[..., Settings]
) -> None:
    report_id = request_report()
    with OfflineModel(schemas="none") as server:
        databases.configure(_with(configured(), server, "none"))
        server.behaviour.set("wrong_schema")
        jobs.draft_report(report_id)
    assert "does not fit the schema" in (view(report_id).reason or "")


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ('Here it is:\n```json\n{"claims": []}\n```', '{"claims": []}'),
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
        ("I can't.", "I can't."),
        ("} {", "} {"),
    ],
)
def test_an_object_is_found_among_words(answer: str, read: str) -> None:
    assert client.unfenced(answer) == read


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("Thu, 12 Nov 2026 02:00:20 GMT", 20.0),
        ("Thu, 12 Nov 2026 01:59:00 GMT", 0.0),
        ("-3", None),
        ("inf", None),
        ("soon", None),
        (None, None),
    ],
)
def test_a_pause_may_be_asked_for_in_seconds_or_by_date(header: str | None, seconds: float | None) -> None:
    assert client.pause_asked(header, NOW) == seconds


def test_an_endpoint_that_keeps_failing_is_left_alone_and_found_again(
    record: Record, request_report: Callable[[], int], model: OfflineModel
) -> None:
    first, second, third = request_report(), *_more_reports(record, 2)
    model.behaviour.set("down")
    jobs.draft_report(first)
    assert view(first).state == ReportState.FAILED
    with pytest.raises(outbox.NotNow, match="failed 5 times in a row"):
        jobs.draft_report(second)
    assert view(second).state == ReportState.DRAFTING
    assert "waiting: the model endpoint failed 5 times in a row" in (view(second).reason or "")
    asked = model.behaviour.asked
    with pytest.raises(outbox.NotNow):
        jobs.draft_report(third)
    assert model.behaviour.asked == asked

    _let_it_rest()
    with pytest.raises(outbox.NotNow, match="failed 5 times"):
        jobs.draft_report(second)
    assert model.behaviour.asked == asked + 1

    _let_it_rest()
    model.behaviour.set("off")
    assert jobs.draft_report(second) == f"report {second} is ready"
    assert jobs.draft_report(third) == f"report {third} is ready"


def test_one_call_probes_while_the_others_wait(request_report: Callable[[], int], model: OfflineModel) -> None:
    report_id = request_report()
    now = datetime.now(UTC)
    with databases.write() as session:
        session.add_all(_call(now - timedelta(minutes=1), "broken") for _ in range(breaker.FAULTS_TO_OPEN))
        session.add(_call(None, None))
    with pytest.raises(outbox.NotNow, match="another report is finding out"):
        jobs.draft_report(report_id)


@pytest.mark.usefixtures("record")
def test_calls_turned_away_do_not_open_the_breaker(request_report: Callable[[], int], model: OfflineModel) -> None:
    report_id = request_report()
    model.behaviour.set("rate_limit", times=2)
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(func.count()).where(ModelCall.finish_reason == breaker.BROKEN)) == 0


def _with(settings: Settings, server: OfflineModel, schema: str) -> Settings:
    return settings.model_copy(update={"openai_base_url": server.url, "model_schema": schema})


def _doctor(report_id: int) -> object:
    from core.models import Account, Report

    with databases.read(Store.HOT) as session:
        return session.get_one(Account, session.get_one(Report, report_id).requested_by)


def _more_reports(record: Record, many: int) -> list[int]:
    with databases.write() as session:
        patients = [make_patient(session, name=f"Patient {number}") for number in range(many)]
        for patient in patients:
            make_allergy(session, patient)
        return [reports.request(session, patient_id=patient.id, by=record.doctor).id for patient in patients]


def _let_it_rest() -> None:
    """As if the breaker's rest were over, and every lease with it."""
    past = timedelta(seconds=breaker.REST_SECONDS + 1)
    with databases.write() as session:
        for call in session.scalars(select(ModelCall).where(ModelCall.ended_at.is_not(None))):
            assert call.ended_at is not None
            call.ended_at -= past


def _call(ended_at: datetime | None, finish: str | None) -> ModelCall:
    from workers.reports import budget

    provider = budget.provider(databases.current().settings)
    return ModelCall(report_id=0, role="drafter", round=0, attempt=1, provider=provider, requested_model="m",
                     prompt_version="p", finish_reason=finish, ended_at=ended_at)  # fmt: skip
