"""The whole loop on real servers: from request to signature, and what happens when it is asked twice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.jobs import outbox
from core.models import Check, Claim, Evidence, ModelCall, OutboxMessage, Report, ReportState, utc_now
from core.queries import reports as reads
from core.services import reports
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD
from tests.report_records import Record, view
from workers import run
from workers.reports import jobs, loop, revising
from workers.reports.drafter import Kept, Sentence
from workers.reports.faults import LoopFailure
from workers.reports.lease import take


def test_a_request_becomes_a_checked_report_and_is_signed(ready_report: int, record: Record) -> None:
    report = view(ready_report)
    assert report.state == ReportState.READY
    assert {"Overview", "Allergies", "Conditions", "Medicines", "Results"} <= set(report.sections)
    said = " ".join(claim.text for claim in report.claims)
    assert "rose from 8.1 % on 17 February 2026 to 8.9 % on 12 November 2026" in said
    assert all(claim.citations and claim.verdict == "supported" for claim in report.claims)
    assert {check.checker for check in report.claims[0].checks} == {"code", "model"}
    assert "not a language model" in report.drafted_by

    with databases.write() as session:
        reports.sign(session, report_id=ready_report, by=record.doctor, password=PASSWORD)
    signed = view(ready_report)
    assert signed.state == ReportState.SIGNED
    assert signed.signature is not None
    assert signed.signature.name == "Dr Nair"
    assert signed.signature.holds


def test_each_model_call_is_recorded_with_its_cost_and_prompt(ready_report: int) -> None:
    with databases.read(Store.HOT) as session:
        query = select(ModelCall).where(ModelCall.report_id == ready_report)
        calls = session.scalars(query.order_by(ModelCall.id)).all()
    assert [call.role for call in calls[:2]] == ["drafter", "checker"]
    for call in calls:
        assert call.answering_model == "strata-offline-rules"
        assert call.prompt_version.startswith(f"{call.role}-")
        assert call.input_tokens > 0
        assert call.output_tokens > 0
        assert call.finish_reason == "stop"
        assert call.ended_at is not None
        assert call.cost_usd == 0
        assert "no price for strata-offline-rules" in call.price_version


def test_summary_json_has_the_published_shape(ready_report: int) -> None:
    summary = reads.summary_json(view(ready_report))
    assert list(summary) == [
        "id", "patient_id", "state", "reason", "claims", "omissions", "model", "prompt_version", "tokens", "cost_usd",
        "seconds",
    ]  # fmt: skip
    assert list(summary["claims"][0]) == [
        "id", "text", "section", "citations", "verdict", "flagged", "reasons", "decision",
    ]  # fmt: skip
    assert summary["seconds"].keys() == {"queue", "draft", "check", "revise"}
    assert summary["seconds"]["draft"] > 0
    assert summary["tokens"] > 100


def test_the_outbox_message_runs_the_job_once(request_report: Callable[[], int]) -> None:
    report_id = request_report()
    with databases.read(Store.HOT) as session:
        message_id = session.scalars(select(OutboxMessage.id)).one()
    assert run.perform(message_id) == f"report {report_id} is ready"
    assert run.perform(message_id) == "done before"


def test_a_second_delivery_leaves_a_live_worker_alone(request_report: Callable[[], int]) -> None:
    report_id = request_report()
    with take(report_id), pytest.raises(outbox.NotNow, match="a worker is busy"):
        jobs.draft_report(report_id)


def test_a_finished_report_is_not_drafted_again(ready_report: int) -> None:
    claims = len(view(ready_report).claims)
    assert jobs.draft_report(ready_report) == f"report {ready_report} is ready: nothing to do"
    assert len(view(ready_report).claims) == claims


def test_another_worker_goes_on_where_a_lost_one_stopped(
    request_report: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = request_report()
    lost = take(report_id)
    loop.select_evidence(lost)
    loop.draft(lost)
    with databases.write() as session:
        session.get_one(Report, report_id).heartbeat_at = utc_now() - timedelta(minutes=5)
    assert jobs.resume_reports() == "0 report(s) resumed"  # its first message is still open
    with databases.write() as session:
        for message in session.scalars(select(OutboxMessage)):
            outbox.finish(session, message.id)
    assert jobs.resume_reports() == "1 report(s) resumed"

    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    with databases.read(Store.HOT) as session:
        roles = session.scalars(select(ModelCall.role).where(ModelCall.report_id == report_id)).all()
    assert roles.count("drafter") == 1
    with pytest.raises(Exception, match="is now ready"):
        loop.check(lost)


def test_a_lost_lease_can_write_nothing(request_report: Callable[[], int]) -> None:
    report_id = request_report()
    first = take(report_id)
    with databases.write() as session:
        session.get_one(Report, report_id).heartbeat_at = utc_now() - timedelta(minutes=5)
    take(report_id)
    with pytest.raises(Exception, match="taken over by another worker"):
        loop.select_evidence(first)


def test_a_withdrawn_report_stops_the_worker(request_report: Callable[[], int], record: Record) -> None:
    report_id = request_report()
    with take(report_id) as lease:
        loop.select_evidence(lease)
        with databases.write() as session:
            reports.withdraw(session, report_id=report_id, reason="Asked for by mistake", by=record.doctor)
        with pytest.raises(Exception, match="is now withdrawn"):
            loop.draft(lease)
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Claim).where(Claim.report_id == report_id)).all() == []


def test_a_failed_report_can_be_drafted_anew(
    request_report: Callable[[], int], record: Record, configured: Callable[..., object], model: object
) -> None:
    report_id = request_report()
    model.behaviour.set("garbage")  # type: ignore[attr-defined]
    assert "failed" in jobs.draft_report(report_id)
    model.behaviour.set("off")  # type: ignore[attr-defined]
    with databases.write() as session:
        reports.retry_failed(session, report_id=report_id, by=record.doctor)
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"


def revised(report_id: int, monkeypatch: pytest.MonkeyPatch, answer: object) -> tuple[str, list[Claim]]:
    """Have the second HbA1c's sentence flagged, and answered so by the drafter; gives its words and what stands now."""
    with take(report_id) as lease:
        loop.select_evidence(lease)
        loop.draft(lease)
        with databases.write() as session:
            claim = session.scalars(select(Claim).where(Claim.text.contains("rose from 8.1 %"))).one()
            claim.flagged, text, ordinal = True, claim.text, claim.ordinal
            session.get_one(Report, report_id).state = ReportState.REVISING
        monkeypatch.setattr("workers.reports.drafter.revise", lambda *_: {claim.id: answer})
        loop.revise(lease)
    with databases.read(Store.HOT) as session:
        standing = session.scalars(select(Claim).where(Claim.ordinal == ordinal, Claim.replaced_by.is_(None))).all()
        return text, [one for one in standing if one.decision is None]


@pytest.mark.parametrize("answer", ["strips", "drops", "keeps"])
def test_a_revision_loses_nothing_that_the_rows_hold(
    request_report: Callable[[], int], monkeypatch: pytest.MonkeyPatch, record: Record, answer: str
) -> None:
    stripped = Sentence("Results", "HbA1c was measured.", (f"observation:{record.latest_id}",))
    answers = {"strips": stripped, "drops": None, "keeps": Kept("8.1 % ... 8.9 %")}
    report_id = request_report()
    text, standing = revised(report_id, monkeypatch, answers[answer])
    assert [one.text for one in standing] == [text]
    with databases.read(Store.HOT) as session:
        assert revising.flagged_claims(session, report_id) == []  # it is not sent again
        (why,) = session.scalars(select(Check.reasons).where(Check.checker == "drafter")).all()
    assert why == [revising.KEPT if answer == "keeps" else revising.REFUSED]


def test_a_claim_of_a_row_not_supplied_is_never_kept(request_report: Callable[[], int], record: Record) -> None:
    report_id = request_report()
    with take(report_id) as lease:
        loop.select_evidence(lease)
        with lease.step(ReportState.DRAFTING) as (session, report):
            supplied = loop.evidence_of(session, report_id)
            foreign = Evidence(patient_id=record.patient_id + 1, ref="observation:9", content_hash="0")
            for ref in ("observation:424242", foreign.ref):
                sentence = Sentence("Results", "HbA1c was 8.9 %.", (ref,))
                with pytest.raises(LoopFailure, match="cites a row that was not supplied"):
                    loop.add_claims(session, report, [(1, sentence)], [*supplied, foreign], round_=0)


def test_work_that_takes_too_long_fails_with_its_cause(
    request_report: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = request_report()
    monkeypatch.setattr("workers.reports.lease.WORK_SECONDS_MAX", 0.0)
    jobs.draft_report(report_id)
    assert view(report_id).reason == "the models were too slow: 0 minutes were not enough"


def test_a_bug_fails_the_report_without_telling_its_content(
    request_report: Callable[[], int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    content = "Tan Mei Ling has diabetes"

    def broken(*_: object) -> None:
        raise ValueError(content)

    report_id = request_report()
    monkeypatch.setattr("workers.reports.drafter.draft", broken)
    jobs.draft_report(report_id)
    assert view(report_id).reason == "a fault of the software (ValueError), which is in its log"
    assert "ValueError" in caplog.text
    assert "Tan Mei Ling" not in caplog.text


def test_nothing_of_the_record_is_logged(request_report: Callable[[], int], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    jobs.draft_report(request_report())
    for words in ("Tan Mei Ling", "Penicillin", "Metformin", "8.9"):
        assert words not in caplog.text
