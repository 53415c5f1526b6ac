"""Whoever may write every row, and has no key of the staff portal's, makes no signature that holds."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text, update

from core.models import Claim, Evidence, Signature
from core.queries import reports as read_reports
from core.queries.reports import report_rows
from core.sealing import signatures
from core.services import reports
from core.sources import signature_proof, signed_content
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD
from tests.report_records import Record, view

pytestmark = pytest.mark.only_on_postgresql("turns guards off for a session")


@pytest.fixture
def signed_report(ready_report: int, record: Record) -> int:
    with databases.write() as session:
        reports.sign(session, report_id=ready_report, by=record.doctor, password=PASSWORD)
    assert holds(ready_report, record) == (True, True)
    return ready_report


def forged(*statements: Any) -> None:
    """Write as a superuser, whom no guard binds."""
    with databases.write() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            session.execute(statement)


def holds(report_id: int, record: Record) -> tuple[bool, bool]:
    """What staff's page and the patient's page are told."""
    signature = view(report_id).signature
    assert signature is not None
    with databases.read(Store.HOT) as session:
        shown = read_reports.signed_report(session, report_id, patient_id=record.patient_id)
    assert shown is not None
    return signature.holds, shown.holds


def hashed_anew(report_id: int) -> dict[str, str]:
    """The hashes over what the report and its evidence say now, as a signature holds them."""
    with databases.read(Store.HOT) as session:
        rows = report_rows.load(session, report_id)
        assert rows is not None
        (stored,) = rows.of("signature")
        now = signed_content.content_hash(
            rows.standing_claims(), rows.by_claim("citation"), report_id=report_id,
            patient_id=rows.report.patient_id, name=stored.name, meaning=stored.meaning, signed_at=stored.signed_at,
        )  # fmt: skip
        return {"content_hash": now, "evidence_hash": signature_proof.evidence_hash(rows.of("evidence"))}


def other_words(report_id: int) -> Any:
    return update(Claim).where(Claim.report_id == report_id, Claim.ordinal == 1).values(text="All is well.")


def other_evidence(report_id: int) -> Any:
    ref = select(Evidence.ref).where(Evidence.report_id == report_id).limit(1).scalar_subquery()
    return update(Evidence).where(Evidence.report_id == report_id, Evidence.ref == ref).values(content_hash="f" * 64)


@pytest.mark.parametrize("change", [other_words, other_evidence])
def test_it_covers_claims_and_evidence(signed_report: int, record: Record, change: Callable[[int], Any]) -> None:
    forged(change(signed_report))
    assert holds(signed_report, record)[0] is False


@pytest.mark.parametrize("change", [other_words, other_evidence])
@pytest.mark.parametrize("proof", ["as it was", "by another key", "none of the shape"])
def test_a_signature_of_no_key_of_ours_does_not_hold(
    signed_report: int, record: Record, change: Callable[[int], Any], proof: str
) -> None:
    forged(change(signed_report))
    now = hashed_anew(signed_report)
    message = f"{now['content_hash']} {now['evidence_hash']}".encode()
    made = {
        "by another key": signatures.sign(secrets.token_bytes(32), signature_proof.PURPOSE, message),
        "none of the shape": "A" * 88,
    }
    forged(update(Signature).where(Signature.report_id == signed_report).values(**now))
    if proof in made:
        forged(update(Signature).where(Signature.report_id == signed_report).values(proof=made[proof]))
    assert holds(signed_report, record) == (False, False)


def test_a_signature_without_proof_says_so(signed_report: int, record: Record) -> None:
    """It may be as old as that; nobody is told that a key proves it."""
    forged(other_words(signed_report))
    forged(
        update(Signature).where(Signature.report_id == signed_report).values(proof=None, **hashed_anew(signed_report))
    )
    signature = view(signed_report).signature
    assert signature is not None
    assert not signature.is_keyed
