"""Spend never passes a budget, whoever else is spending."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from core.jobs import outbox
from core.models import DayBudget, ModelCall, ReportState
from core.services import reports
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_allergy, make_patient
from tests.integration.reports.spending import PRICED, QUESTION, SECONDS_MAX, day, reserve, spend_together
from tests.report_records import Record, view
from workers.reports import budget, jobs, pricing
from workers.reports.client import Answer, EndpointFault, Usage
from workers.reports.faults import OverBudget
from workers.reports.lease import take

USAGE = ("input_tokens", "cache_read.input_tokens", "output_tokens", "reasoning.output_tokens")


def most_usd() -> Decimal:
    return pricing.price(PRICED, pricing.most(QUESTION)).usd


def test_twenty_workers_together_never_pass_the_days_budget(
    configured: Callable[..., Settings], environment: dict[str, str]
) -> None:
    configured()
    most = most_usd() * 30 + Decimal("0.000001")
    told = spend_together(
        {**environment, "STRATA_DAY_BUDGET_USD": str(most), "STRATA_REPORT_BUDGET_USD": "100"}, workers=20, times=3
    )
    calls = sum(worker.calls for worker in told)
    assert calls + sum(worker.refused for worker in told) == 60
    assert 0 < calls < 60
    assert max(worker.highest_usd for worker in told) <= most
    with databases.read(Store.HOT) as session:
        costs = [call.cost_usd or Decimal(0) for call in session.scalars(select(ModelCall))]
    assert len(costs) == calls
    assert sum(costs) == day().spent_usd <= most
    assert day().reserved_usd == 0


@contextmanager
def day_held(seconds: float | None = None) -> Iterator[None]:
    """The day's row, held as another worker that spends holds it: for so many seconds, or to the end of the block."""
    with databases.write() as session:
        session.execute(update(DayBudget).values(spent_usd=DayBudget.spent_usd))
        timer = threading.Timer(seconds or 0, session.rollback)
        if seconds is not None:
            timer.start()
        yield
        if seconds is not None:
            timer.join()


def test_a_call_waits_for_the_day_longer_than_for_any_other_row(configured: Callable[..., Settings]) -> None:
    settings = configured(drafter_model=PRICED, statement_timeout_seconds=0.5)
    answer = Answer("{}", False, PRICED, "stop", Usage(50, 0, 9_000, 0))
    budget.settle(settings, reserve(settings), answer)
    with day_held(seconds=0.8):
        call_id = reserve(settings)
    with day_held(seconds=0.8):
        budget.settle(settings, call_id, answer)
    assert day().reserved_usd == 0


@pytest.mark.only_on_postgresql
def test_whoever_pays_takes_the_calls_first_and_the_day_last(configured: Callable[..., Settings]) -> None:
    """In the other order it and whoever takes both tables, as between two tests, would wait for each other."""
    settings = configured()
    reserve(settings)
    with databases.write() as taker, ThreadPoolExecutor(1) as workers:
        taker.execute(text("LOCK TABLE model_call IN ACCESS EXCLUSIVE MODE"))
        reserved = workers.submit(reserve, settings)
        wait_until_somebody_waits(taker)
        taker.execute(text("LOCK TABLE day_budget IN ACCESS EXCLUSIVE MODE NOWAIT"))
        taker.rollback()
        assert reserved.result(SECONDS_MAX)


def wait_until_somebody_waits(session: Session) -> None:
    waiting = text("SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'model_call'::regclass")
    until = time.monotonic() + SECONDS_MAX
    while not session.scalar(waiting):
        assert time.monotonic() < until, "nobody waits"
        time.sleep(0.01)


def test_a_report_that_never_gets_its_turn_waits_and_does_not_fail(
    request_report: Callable[[], int], configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = configured(drafter_model=PRICED)
    report_id = request_report()
    another_call = reserve(settings, report_id + 1)
    budget.settle(settings, another_call, EndpointFault("no answer within 1 s", again=True, charged=False))
    with monkeypatch.context() as impatient, day_held():
        impatient.setattr(budget, "DAY_WAIT_SECONDS", 0.2)
        with pytest.raises(outbox.NotNow, match="many calls are being paid for at once"):
            jobs.draft_report(report_id)
    assert view(report_id).state == ReportState.DRAFTING
    assert view(report_id).figures.calls == 0
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"


def test_a_report_over_its_budget_fails_before_any_call(
    request_report: Callable[[], int], configured: Callable[..., Settings]
) -> None:
    report_id = request_report()
    configured(drafter_model=PRICED, report_budget_usd=Decimal("0.0001"))
    jobs.draft_report(report_id)
    report = view(report_id)
    assert report.state == ReportState.FAILED
    assert (report.reason or "").startswith("the report's budget of US$0.00 would be passed: US$0.0000 is used")
    assert report.figures.calls == 0


def test_a_model_version_has_a_budget_of_its_own(
    request_report: Callable[[], int], configured: Callable[..., Settings]
) -> None:
    report_id = request_report()
    configured(drafter_model=PRICED, model_budgets_usd=((PRICED, Decimal("0.0001")), ("another", Decimal(10))))
    jobs.draft_report(report_id)
    reason = view(report_id).reason or ""
    assert reason.startswith(f"the day's budget of US$0.00 for {PRICED} would be passed: US$0.0000 is used or reserved")


def test_a_days_tokens_are_counted_over_all_reports(configured: Callable[..., Settings]) -> None:
    settings = configured(day_budget_tokens=25_000, report_budget_tokens=400_000)
    reserve(settings, report_id=1)
    reserve(settings, report_id=2)
    with pytest.raises(OverBudget, match="the day's budget of 25,000 tokens would be passed: 20,"):
        reserve(settings, report_id=3)


def test_a_report_over_its_tokens_fails(request_report: Callable[[], int], configured: Callable[..., Settings]) -> None:
    report_id = request_report()
    configured(report_budget_tokens=9_000)
    jobs.draft_report(report_id)
    assert "budget of 9,000 tokens would be passed" in (view(report_id).reason or "")


def test_parallel_reports_share_the_day(record: Record, configured: Callable[..., Settings]) -> None:
    with databases.write() as session:
        patients = [make_patient(session, name=f"Patient {number}") for number in range(4)]
        for patient in patients:
            make_allergy(session, patient)
        ids = [reports.request(session, patient_id=patient.id, by=record.doctor).id for patient in patients]
    settings = configured(drafter_model=PRICED, day_budget_usd=Decimal("0.012"))
    threads = [threading.Thread(target=jobs.draft_report, args=(report_id,)) for report_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    outcomes = [view(report_id) for report_id in ids]
    assert {report.state for report in outcomes} <= {ReportState.READY, ReportState.FAILED}
    for report in outcomes:
        if report.state == ReportState.FAILED:
            assert "the day's budget" in (report.reason or "")
    assert day().spent_usd + day().reserved_usd <= settings.day_budget_usd
    assert day().reserved_usd == 0
    assert day().spent_usd > 0


def test_a_lost_call_counts_in_full(request_report: Callable[[], int], configured: Callable[..., Settings]) -> None:
    settings = configured()
    report_id = request_report()
    call_id = reserve(settings, report_id)
    with take(report_id), databases.read(Store.HOT) as session:
        call = session.get_one(ModelCall, call_id)
        assert call.cost_usd == call.reserved_usd > 0
        assert call.error == budget.LOST
    assert (day().reserved_usd, day().spent_usd) == (0, most_usd())


@pytest.mark.parametrize(("charged", "share"), [(True, 1), (False, 0)])
def test_a_call_without_an_answer_costs_what_it_may_have(
    configured: Callable[..., Settings], charged: bool, share: int
) -> None:
    settings = configured()
    call_id = reserve(settings)
    budget.settle(settings, call_id, EndpointFault("no answer within 1 s", again=True, charged=charged))
    assert (day().reserved_usd, day().spent_usd) == (0, most_usd() * share)


def test_cached_tokens_are_counted_once(configured: Callable[..., Settings]) -> None:
    settings = configured()
    plain, cached = Usage(1_000, 0, 100, 0), Usage(1_000, 800, 100, 0)
    for usage in (plain, cached):
        budget.settle(settings, reserve(settings), Answer("{}", False, PRICED, "stop", usage))
    with databases.read(Store.HOT) as session:
        first, second = session.scalars(select(ModelCall).order_by(ModelCall.id))
    assert (first.input_tokens, second.input_tokens, second.cached_tokens) == (1_000, 1_000, 800)
    assert first.cost_usd is not None
    assert second.cost_usd is not None
    assert Decimal(0) < second.cost_usd < first.cost_usd


def test_a_call_is_logged_by_the_field_s_names_without_its_content(
    configured: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    settings = configured()
    asked = replace(QUESTION, contents=("Tan Mei Ling, HbA1c 8.9 %",))
    with caplog.at_level("INFO", "strata.gen_ai"):
        call_id = reserve(settings, question=asked)
        answer = Answer('{"claims": ["HbA1c 8.9 %"]}', False, "gpt-4o-mini-2024", "stop", Usage(1_000, 800, 100, 40))
        budget.settle(settings, call_id, answer)
        budget.settle(settings, reserve(settings), EndpointFault("no answer within 1 s", again=True, charged=True))
    first, second = (json.loads(record.getMessage().partition(" ")[2]) for record in caplog.records)
    assert first["gen_ai.request.model"] == PRICED
    assert first["gen_ai.response.model"] == "gpt-4o-mini-2024"
    assert [first[f"gen_ai.usage.{name}"] for name in USAGE] == [1_000, 800, 100, 40]
    assert first["gen_ai.response.finish_reasons"] == ["stop"]
    assert 0 < first["strata.cost_usd"] < 0.001
    assert second["error.type"] == "no answer within 1 s"
    assert "HbA1c" not in caplog.text
    assert "Tan Mei Ling" not in caplog.text


def test_an_answer_without_token_counts_costs_what_was_reserved(configured: Callable[..., Settings]) -> None:
    settings = configured()
    call_id = reserve(settings)
    budget.settle(settings, call_id, Answer("{}", False, PRICED, "stop", None))
    with databases.read(Store.HOT) as session:
        call = session.get_one(ModelCall, call_id)
    assert call.cost_usd == call.reserved_usd
    assert call.error == "the endpoint counted no tokens: charged in full"
