"""The fact-checker as reader: asked about what code does not read whole, by the sentence alone, once a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from core.models import Check, Claim, ModelCall, OutboxMessage
from core.queries.reports import ClaimView
from core.services import reports
from core.stores import databases
from core.stores.databases import Store
from evals.offline_model import rule_checker, rule_drafter, rule_reader
from evals.offline_model.replies import BadRequest
from evals.offline_model.server import OfflineModel
from tests.report_records import Record, view
from workers.reports import jobs

DAY = "12 November 2026"
# Words for a test that the vocabulary lacks.
UNKNOWN = f"Sugary blood was 8.9 % on {DAY}."
Json = dict[str, Any]


class Reader:
    """What the model is asked to read, and its answer: right, unless told otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Json] = []
        self.answers = True
        self.value = "8.9 %"
        monkeypatch.setattr(rule_reader, "read", self.read)
        monkeypatch.setattr(rule_checker, "judge", rule_checker.approve)

    def read(self, sentences: list[Json]) -> Json:
        self.asked += sentences
        if not self.answers:
            raise BadRequest("not today")
        return {"readings": [{"sentence": one["label"], "statements": [self._statement()]} for one in sentences]}

    def _statement(self) -> Json:
        parts = [
            {"role": "value", "words": self.value, "means": ""},
            {"role": "when", "words": DAY, "means": "2026-11-12"},
        ]
        return {"kind": "result", "about": "Sugary blood", "known_as": "HbA1c", "span": UNKNOWN[:-1], "parts": parts}


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(monkeypatch)


@pytest.fixture
def drafted(monkeypatch: pytest.MonkeyPatch, request_report: Callable[[], int], reader: Reader) -> Callable[..., int]:
    """Call it to have a report drafted with these sentences about the newest HbA1c; gives its id."""

    def draft(*texts: str) -> int:
        def of_rows(evidence: list[Json]) -> Json:
            row = next(row for row in evidence if row.get("value") == "8.9 %")
            return {"claims": [{"section": "Results", "text": text, "citations": [row["ref"]]} for text in texts]}

        monkeypatch.setattr(rule_drafter, "draft", of_rows)
        report_id = request_report()
        assert jobs.draft_report(report_id) == f"report {report_id} is ready"
        return report_id

    return draft


def checks(report_id: int) -> dict[str, str]:
    with databases.read(Store.HOT) as session:
        found = session.scalars(select(Check).where(Check.report_id == report_id).order_by(Check.id)).all()
    return {check.checker: check.verdict for check in found}


def roles(report_id: int) -> list[str]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(ModelCall.role).where(ModelCall.report_id == report_id)))


def test_what_code_does_not_read_is_read_by_the_model_and_proved_by_code(
    drafted: Callable[..., int], reader: Reader, record: Record
) -> None:
    report_id = drafted(UNKNOWN)
    assert checks(report_id) == {"code": "not_addressed", "reader": "proved", "model": "supported"}
    report = view(report_id)
    (claim,) = report.claims
    assert (claim.verdict, claim.flagged, claim.is_read_by_model, claim.is_by_model_alone) == (
        "supported", False, True, False
    )  # fmt: skip
    assert f"observation:{record.latest_id}" not in [omission.ref for omission in report.omissions]
    assert reader.asked == [{"label": reader.asked[0]["label"], "text": UNKNOWN}]


def test_the_call_is_recorded_and_priced_as_any_other(drafted: Callable[..., int]) -> None:
    report_id = drafted(UNKNOWN)
    with databases.read(Store.HOT) as session:
        query = select(ModelCall).where(ModelCall.report_id == report_id, ModelCall.role == "reader")
        call = session.scalars(query).one()
    assert call.prompt_version.startswith("reader-")
    assert call.input_tokens > 0
    assert call.output_tokens > 0
    assert call.latency_seconds is not None
    assert call.cost_usd == 0


def test_what_code_reads_whole_is_not_asked_about(drafted: Callable[..., int]) -> None:
    assert "reader" not in roles(drafted(f"HbA1c was 8.9 % on {DAY}."))


def test_a_sentence_is_read_once_for_a_patient(drafted: Callable[..., int], reader: Reader, record: Record) -> None:
    first = drafted(UNKNOWN, f"{UNKNOWN[:-1]}, so it was.")
    asked = len(reader.asked)
    with databases.write() as session:
        reports.withdraw(session, report_id=first, reason="once more", by=record.doctor)
    second = drafted(UNKNOWN)
    assert asked == 2
    assert len(reader.asked) == asked
    assert "reader" not in roles(second)
    assert checks(second)["reader"] == "proved"


def test_a_reader_that_does_not_answer_leaves_it_to_code_and_judge(drafted: Callable[..., int], reader: Reader) -> None:
    reader.answers = False
    report_id = drafted(UNKNOWN)
    assert "reader" in roles(report_id)
    assert "reader" not in checks(report_id)
    assert view(report_id).state == "ready"


def test_a_reading_in_other_words_than_the_sentences_is_thrown_away(
    drafted: Callable[..., int], reader: Reader
) -> None:
    reader.value = "9.8 %"
    report_id = drafted(UNKNOWN)
    assert checks(report_id)["reader"] == "no reader"
    with databases.read(Store.HOT) as session:
        assert (
            session.scalars(select(Claim.flagged).where(Claim.report_id == report_id).order_by(Claim.id)).first()
            is True
        )


def edited(report_id: int, record: Record) -> ClaimView:
    """The one claim of a draft in a clinician's words, which code does not read."""
    (claim,) = view(report_id).claims
    with databases.write() as session:
        by = {"report_id": report_id, "claim_id": claim.id, "by": record.doctor}
        reports.decide_claim(session, **by, decision="edited", text=UNKNOWN)
    return view(report_id).claims[0]


def test_an_edit_is_read_and_judged_as_any_claim(drafted: Callable[..., int], record: Record) -> None:
    report_id = drafted(f"HbA1c was 8.9 % on {DAY}.")
    claim = edited(report_id, record)
    assert (claim.is_unchecked, claim.verdict) == (True, "not_addressed")
    with databases.read(Store.HOT) as session:
        asked = session.scalars(select(OutboxMessage.task).where(OutboxMessage.done_at.is_(None))).all()
    assert "workers.reports.jobs.check_edits" in asked
    assert jobs.check_edits(report_id) == f"the edits of report {report_id} are checked"
    claim = view(report_id).claims[0]
    assert (claim.verdict, claim.flagged, claim.is_read_by_model) == ("supported", False, True)
    assert f"observation:{record.latest_id}" not in [omission.ref for omission in view(report_id).omissions]


def test_words_that_were_kept_meanwhile_stay_as_they_were(drafted: Callable[..., int], record: Record) -> None:
    report_id = drafted(f"HbA1c was 8.9 % on {DAY}.")
    claim = edited(report_id, record)
    with databases.write() as session:
        by = {"report_id": report_id, "claim_id": claim.id, "by": record.doctor}
        reports.decide_claim(session, **by, decision="accepted")
    jobs.check_edits(report_id)
    kept = view(report_id).claims[0]
    assert (kept.verdict, kept.flagged, kept.by("model")) == ("not_addressed", True, None)


def test_an_endpoint_that_is_silent_leaves_an_edit_to_code(
    drafted: Callable[..., int], record: Record, model: OfflineModel
) -> None:
    report_id = drafted(f"HbA1c was 8.9 % on {DAY}.")
    edited(report_id, record)
    model.behaviour.set("refuse")
    assert "gave no usable answer" in jobs.check_edits(report_id)
    claim = view(report_id).claims[0]
    assert (claim.is_unchecked, claim.by("model"), claim.by("reader")) == (True, None, None)


def test_edits_of_a_report_that_is_closed_are_nobodys(drafted: Callable[..., int], record: Record) -> None:
    report_id = drafted(f"HbA1c was 8.9 % on {DAY}.")
    edited(report_id, record)
    with databases.write() as session:
        reports.withdraw(session, report_id=report_id, reason="no more", by=record.doctor)
    assert jobs.check_edits(report_id) == f"report {report_id} is now withdrawn"
