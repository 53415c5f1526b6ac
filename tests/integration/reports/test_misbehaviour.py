"""A model that goes wrong in every way we know: nothing false is signed, and nothing hangs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from core.models import Claim, Decision, ModelCall, ReportState
from core.services import reports
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from evals.offline_model.server import OfflineModel
from tests.factories import PASSWORD
from tests.report_records import Record, view
from workers.reports import jobs


@pytest.mark.parametrize(
    ("mode", "cause"),
    [
        ("garbage", "the drafter gave no usable answer, asked 2 times: the answer is not JSON"),
        ("huge", "the drafter gave no usable answer, asked 2 times: the answer has 300,0"),
        ("empty", "the drafter gave no usable answer, asked 2 times: the answer is empty"),
        ("refuse", "the drafter gave no usable answer, asked 2 times: the model refused"),
        ("truncate", "the drafter gave no usable answer, asked 2 times: the answer was cut off at its longest"),
        ("wrong_schema", "the drafter gave no usable answer, asked 2 times: the answer does not fit the schema"),
        ("foreign_ref", "the drafter gave no usable answer, asked 2 times: claim 1 cites a row that was not supplied"),
    ],
)
def test_garbage_never_becomes_a_draft(
    request_report: Callable[[], int], model: OfflineModel, mode: str, cause: str
) -> None:
    report_id = request_report()
    model.behaviour.set(mode)
    jobs.draft_report(report_id)
    report = view(report_id)
    assert report.state == ReportState.FAILED
    assert report.reason is not None
    assert report.reason.startswith(cause)
    assert report.claims == ()
    assert report.figures.calls == 2


@pytest.mark.parametrize("mode", ["garbage", "empty", "truncate", "wrong_schema"])
def test_one_bad_answer_is_repaired(request_report: Callable[[], int], model: OfflineModel, mode: str) -> None:
    report_id = request_report()
    model.behaviour.set(mode, times=1)
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"


def test_a_slow_down_is_waited_for(request_report: Callable[[], int], model: OfflineModel) -> None:
    report_id = request_report()
    model.behaviour.set("rate_limit", times=1)
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    with databases.read(Store.HOT) as session:
        first, second = session.scalars(select(ModelCall).order_by(ModelCall.id).limit(2))
    assert first.error == "the model endpoint asks to slow down"
    assert (second.started_at - first.started_at).total_seconds() >= 1
    assert first.input_tokens == 0


def test_a_lasting_slow_down_fails_with_its_cause(request_report: Callable[[], int], model: OfflineModel) -> None:
    report_id = request_report()
    model.behaviour.set("rate_limit")
    jobs.draft_report(report_id)
    assert view(report_id).reason == "the drafter did not answer: the model endpoint asks to slow down (tried 3 times)"


def test_a_stalled_endpoint_is_given_up(
    request_report: Callable[[], int], model: OfflineModel, configured: Callable[..., Settings]
) -> None:
    report_id = request_report()
    configured(model_timeout_seconds=0.2)
    model.behaviour.set("stall")
    jobs.draft_report(report_id)
    assert view(report_id).reason == "the drafter did not answer: no answer within 0.2 s (tried 3 times)"


@pytest.mark.parametrize(
    ("mode", "cause", "charged"),
    [
        ("half", "the connection broke off before the whole answer came", True),
        ("down", "the model endpoint answered 503", True),
    ],
)
def test_an_endpoint_that_breaks_off_is_asked_again(
    request_report: Callable[[], int], model: OfflineModel, mode: str, cause: str, charged: bool
) -> None:
    first = request_report()
    model.behaviour.set(mode, times=1)
    assert jobs.draft_report(first) == f"report {first} is ready"
    with databases.read(Store.HOT) as session:
        call, second = session.scalars(select(ModelCall).order_by(ModelCall.id).limit(2))
    assert (call.error, call.input_tokens > 0) == (cause, charged)
    assert second.error is None


def test_a_lasting_break_fails_with_its_cause(request_report: Callable[[], int], model: OfflineModel) -> None:
    report_id = request_report()
    model.behaviour.set("half")
    jobs.draft_report(report_id)
    assert (view(report_id).reason or "").endswith("broke off before the whole answer came (tried 3 times)")


def test_an_absent_endpoint_is_named(request_report: Callable[[], int], configured: Callable[..., Settings]) -> None:
    report_id = request_report()
    settings = configured()
    databases.configure(settings.model_copy(update={"openai_base_url": "", "openai_api_key": ""}))
    jobs.draft_report(report_id)
    assert "set OPENAI_API_KEY, or OPENAI_BASE_URL" in (view(report_id).reason or "")


@pytest.mark.parametrize("mode", ["invent", "swap", "negate", "other_language"])
def test_a_false_claim_is_flagged_though_the_checker_approves_it_and_blocks_the_signature(
    request_report: Callable[[], int], record: Record, model: OfflineModel, mode: str
) -> None:
    report_id = request_report()
    model.behaviour.set(mode)
    jobs.draft_report(report_id)
    report = view(report_id)
    assert report.state == ReportState.READY
    assert report.rounds == databases.current().settings.revisions_max
    flagged = [claim for claim in report.claims if claim.flagged]
    assert flagged
    assert all(claim.reasons and claim.verdict != "supported" for claim in flagged)
    assert {check.verdict for claim in flagged for check in claim.checks if check.checker == "model"} == {"supported"}
    with databases.write() as session, pytest.raises(reports.UndecidedClaims, match=f"{len(flagged)} flagged"):
        reports.sign(session, report_id=report_id, by=record.doctor, password=PASSWORD)

    with databases.write() as session:
        for claim in flagged:
            reports.decide_claim(
                session, report_id=report_id, claim_id=claim.id, decision=Decision.REJECTED, reason="Not in the record",
                by=record.doctor,
            )  # fmt: skip
    with databases.write() as session:
        reports.sign(session, report_id=report_id, by=record.doctor, password=PASSWORD)
    assert view(report_id).state == ReportState.SIGNED


def test_an_invention_made_once_is_revised_away(request_report: Callable[[], int], model: OfflineModel) -> None:
    report_id = request_report()
    model.behaviour.set("invent", times=1)
    jobs.draft_report(report_id)
    report = view(report_id)
    assert report.rounds == 1
    assert not any(claim.flagged for claim in report.claims)
    assert "987.6" not in " ".join(claim.text for claim in report.claims)
    with databases.read(Store.HOT) as session:
        invented = session.scalar(select(func.count()).where(Claim.text.contains("987.6")))
    assert invented == 1  # kept on file
