"""Who may sign, when, and only once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from core.access.permissions import PermissionDenied
from core.models import (
    AccessEvent,
    Account,
    Decision,
    Observation,
    Prescription,
    Report,
    ReportState,
    Role,
    Signature,
)
from core.models.transitions import InvalidTransition
from core.queries import reports as reads
from core.services import reports
from core.stores import databases
from core.stores.databases import Store
from evals.offline_model.server import OfflineModel
from tests.factories import PASSWORD, make_account
from tests.report_records import Record, view
from workers.reports import jobs


def sign(report_id: int, by: Account, password: str = PASSWORD) -> None:
    with databases.write() as session:
        reports.sign(session, report_id=report_id, by=by, password=password)


def test_a_second_request_for_the_same_patient_names_the_first(ready_report: int, record: Record) -> None:
    with (
        databases.write() as session,
        pytest.raises(reports.AlreadyOpen, match=f"has report {ready_report} already") as fault,
    ):
        reports.request(session, patient_id=record.patient_id, by=record.colleague)
    assert fault.value.report_id == ready_report


def test_two_requests_at_once_make_one_report(record: Record, locks_rows: None) -> None:
    gate, refused = threading.Barrier(2), []

    def request(by: Account) -> None:
        gate.wait()
        try:
            with databases.write() as session:
                reports.request(session, patient_id=record.patient_id, by=by)
        except reports.AlreadyOpen:
            refused.append(by.id)

    run_at_once([lambda: request(record.doctor), lambda: request(record.colleague)])
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(func.count()).select_from(Report)) == 1
    assert len(refused) == 1


def test_of_two_clinicians_who_sign_at_once_one_is_told(ready_report: int, record: Record, locks_rows: None) -> None:
    gate, told = threading.Barrier(2), []

    def attempt(by: Account) -> None:
        gate.wait()
        try:
            sign(ready_report, by)
        except InvalidTransition as fault:
            told.append(str(fault))

    run_at_once([lambda: attempt(record.doctor), lambda: attempt(record.colleague)])
    assert told == [f"report {ready_report} is signed and can't become signed"]
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(func.count()).select_from(Signature)) == 1


def test_a_wrong_password_signs_nothing(ready_report: int, record: Record) -> None:
    with pytest.raises(reports.WrongPassword):
        sign(ready_report, record.doctor, "not the password")
    assert view(ready_report).state == ReportState.READY


def test_a_role_lost_since_signing_in_is_noticed(ready_report: int, record: Record) -> None:
    with databases.write() as session:
        session.get_one(Account, record.doctor.id).role = Role.AUDITOR
    assert record.doctor.role == Role.CLINICIAN
    with pytest.raises(PermissionDenied):
        sign(ready_report, record.doctor)


def test_an_admin_can_do_none_of_it(ready_report: int, record: Record) -> None:
    with databases.write() as session:
        admin = make_account(session, role=Role.ADMIN)
    claim_id = view(ready_report).claims[0].id
    for act in (
        lambda session: reports.request(session, patient_id=record.patient_id, by=admin),
        lambda session: reports.decide_claim(
            session, report_id=ready_report, claim_id=claim_id, decision="accepted", by=admin
        ),
        lambda session: reports.sign(session, report_id=ready_report, by=admin, password=PASSWORD),
        lambda session: reports.reject(session, report_id=ready_report, reason="No", by=admin),
        lambda session: reports.withdraw(session, report_id=ready_report, reason="No", by=admin),
        lambda session: reports.retry_failed(session, report_id=ready_report, by=admin),
    ):
        with databases.write() as session, pytest.raises(PermissionDenied):
            act(session)


def test_a_cited_row_that_changed_blocks_the_signature_until_it_is_checked_again(
    ready_report: int, record: Record
) -> None:
    with databases.write() as session:
        session.get_one(Observation, record.latest_id).value_number = Decimal("9.4")
    with pytest.raises(reports.StaleSource, match=f"observation:{record.latest_id}"):
        sign(ready_report, record.doctor)
    assert view(ready_report).stale_refs == (f"observation:{record.latest_id}",)

    with databases.write() as session:
        affected = reports.refresh_sources(session, report_id=ready_report, by=record.doctor)
    assert affected
    report = view(ready_report)
    assert report.stale_refs == ()
    assert any(claim.flagged and "8.9" in claim.text for claim in report.claims)
    with pytest.raises(reports.UndecidedClaims):
        sign(ready_report, record.doctor)


def test_reading_sources_again_leaves_rejected_claims_rejected(ready_report: int, record: Record) -> None:
    ref = f"observation:{record.latest_id}"
    claim = next(c for c in view(ready_report).claims if any(row.ref == ref for row in c.citations))
    with databases.write() as session:
        reports.decide_claim(
            session, report_id=ready_report, claim_id=claim.id, decision="rejected", reason="No", by=record.doctor
        )
        session.get_one(Observation, record.latest_id).value_number = Decimal("9.4")
    with databases.write() as session:
        affected = reports.refresh_sources(session, report_id=ready_report, by=record.doctor)
    assert claim.id not in {other.id for other in affected}
    assert next(c for c in view(ready_report).claims if c.id == claim.id).decision == Decision.REJECTED


def test_a_cited_row_that_is_gone_blocks_the_signature(ready_report: int, record: Record) -> None:
    cited = next(row.ref for c in view(ready_report).claims for row in c.citations if row.kind == "prescription")
    with databases.write() as session:
        session.delete(session.get_one(Prescription, int(cited.partition(":")[2])))
    with pytest.raises(reports.StaleSource, match=cited):
        sign(ready_report, record.doctor)


def test_a_change_waits_for_a_signature_in_progress(ready_report: int, record: Record, locks_rows: None) -> None:
    changed = threading.Event()

    def change() -> None:
        with databases.write() as session:
            session.get_one(Observation, record.latest_id).value_number = Decimal("9.4")
        changed.set()

    with databases.write() as session:
        reports.sign(session, report_id=ready_report, by=record.doctor, password=PASSWORD)
        thread = threading.Thread(target=change)
        thread.start()
        assert not changed.wait(0.3)
    thread.join(60)
    assert changed.is_set()


def test_an_accepted_flag_needs_a_reason_and_keeps_it(
    request_report: Callable[[], int], record: Record, model: OfflineModel
) -> None:
    report_id = request_report()
    model.behaviour.set("invent")
    jobs.draft_report(report_id)
    flagged = next(claim for claim in view(report_id).claims if claim.flagged)
    with databases.write() as session, pytest.raises(reports.BadDecision, match="Say why"):
        reports.decide_claim(session, report_id=report_id, claim_id=flagged.id, decision="accepted", by=record.doctor)
    with databases.write() as session:
        reports.decide_claim(
            session, report_id=report_id, claim_id=flagged.id, decision="accepted", reason="Read off the paper slip",
            by=record.doctor,
        )  # fmt: skip
    sign(report_id, record.doctor)
    kept = next(claim for claim in view(report_id).claims if claim.id == flagged.id)
    assert (kept.decision, kept.decision_reason) == (Decision.ACCEPTED, "Read off the paper slip")
    with databases.read(Store.HOT) as session:
        signed = reads.signed_report(session, report_id, record.patient_id)
    assert signed is not None
    assert any("987.6" in claim.text for _, claims in signed.sections for claim in claims)


def test_an_edit_is_checked_at_once(ready_report: int, record: Record) -> None:
    claim = next(c for c in view(ready_report).claims if c.text.startswith("HbA1c was 8.9 %"))
    with databases.write() as session:
        edited = reports.decide_claim(
            session, report_id=ready_report, claim_id=claim.id, decision="edited",
            text=claim.text.replace("8.9", "3.2"), by=record.doctor,
        )  # fmt: skip
    assert edited.flagged
    report = view(ready_report)
    assert claim.id not in {c.id for c in report.claims}
    assert next(c for c in report.claims if c.id == edited.id).reasons
    with pytest.raises(reports.UndecidedClaims, match="1 flagged claim still"):
        sign(ready_report, record.doctor)
    with databases.write() as session, pytest.raises(reports.BadDecision, match="was replaced by"):
        reports.decide_claim(session, report_id=ready_report, claim_id=claim.id, decision="accepted", by=record.doctor)


def test_rejected_claims_are_not_signed(ready_report: int, record: Record) -> None:
    claim = view(ready_report).claims[0]
    with databases.write() as session:
        reports.decide_claim(
            session, report_id=ready_report, claim_id=claim.id, decision="rejected", reason="Not needed",
            by=record.doctor,
        )  # fmt: skip
    sign(ready_report, record.doctor)
    with databases.read(Store.HOT) as session:
        signed = reads.signed_report(session, ready_report, record.patient_id)
    assert signed is not None
    assert claim.text not in [c.text for _, claims in signed.sections for c in claims]


def test_with_every_claim_rejected_there_is_nothing_to_sign(ready_report: int, record: Record) -> None:
    with databases.write() as session:
        for claim in view(ready_report).claims:
            reports.decide_claim(
                session, report_id=ready_report, claim_id=claim.id, decision="rejected", reason="No", by=record.doctor
            )
    with pytest.raises(reports.NothingToSign):
        sign(ready_report, record.doctor)


def test_a_signed_report_is_never_edited(ready_report: int, record: Record) -> None:
    sign(ready_report, record.doctor)
    claim = view(ready_report).claims[0]
    with databases.write() as session, pytest.raises(InvalidTransition):
        reports.decide_claim(session, report_id=ready_report, claim_id=claim.id, decision="accepted", by=record.doctor)


def test_the_patient_sees_signed_reports_only_and_only_their_own(ready_report: int, record: Record) -> None:
    def seen(patient_id: int) -> tuple[int, bool]:
        with databases.read(Store.HOT) as session:
            listed = reads.signed_for_patient(session, patient_id)
            return len(listed.items), reads.signed_report(session, ready_report, patient_id) is not None

    assert seen(record.patient_id) == (0, False)
    sign(ready_report, record.doctor)
    assert seen(record.patient_id) == (1, True)
    assert seen(record.patient_id + 1) == (0, False)


def test_an_amendment_replaces_a_signed_report(ready_report: int, record: Record) -> None:
    sign(ready_report, record.doctor)
    with databases.write() as session:
        new = reports.request(session, patient_id=record.patient_id, by=record.doctor, replaces_id=ready_report)
    jobs.draft_report(new.id)
    sign(new.id, record.doctor)
    assert view(ready_report).replaced_by_id == new.id
    with databases.write() as session, pytest.raises(reports.BadReplacement):
        reports.request(session, patient_id=record.patient_id, by=record.doctor, replaces_id=999)


def test_every_act_is_audited(ready_report: int, record: Record) -> None:
    claim = view(ready_report).claims[0]
    with databases.write() as session:
        reports.decide_claim(session, report_id=ready_report, claim_id=claim.id, decision="accepted", by=record.doctor)
    sign(ready_report, record.doctor)
    with databases.write() as session:
        reports.withdraw(session, report_id=ready_report, reason="Wrong summary", by=record.doctor)
    with databases.read(Store.HOT) as session:
        actions = session.scalars(select(AccessEvent.action).where(AccessEvent.patient_id == record.patient_id)).all()
    assert {"report.requested", "report.claim_accepted", "report.signed", "report.withdrawn"} <= set(actions)


def run_at_once(acts: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
