"""A draft that no longer has what the record says can't be signed unseen."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from core.models import Allergy, Assay, Observation, Omission, Patient, Signature, Visit
from core.queries.reports import since_draft
from core.queries.reports.since_draft import Difference
from core.services import reports
from core.services.reports.signing import MEANING
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD, make_observation, make_prescription
from tests.report_records import Record, view


def since(report_id: int, record: Record) -> dict[str, Difference]:
    with databases.read(Store.HOT) as session:
        return {one.ref: one for one in since_draft.differences(session, report_id, record.patient_id)}


def sign(report_id: int, record: Record, seen: tuple[str, ...] = ()) -> None:
    with databases.write() as session:
        reports.sign(session, report_id=report_id, by=record.doctor, password=PASSWORD, seen=seen)


def write(record: Record) -> tuple[str, str]:
    """A newer value of a drafted test, and a new medicine."""
    with databases.write() as session:
        patient = session.get_one(Patient, record.patient_id)
        visit = session.scalars(select(Visit).where(Visit.patient_id == patient.id).order_by(Visit.id)).first()
        latest = session.get_one(Observation, record.latest_id)
        assert visit is not None
        assay = session.get_one(Assay, latest.assay_id)
        newer = make_observation(session, visit, assay, "11.3")
        medicine = make_prescription(session, patient, medication="Warfarin 5 mg tablet")
        return f"observation:{newer.id}", f"prescription:{medicine.id}"


def test_a_fresh_draft_has_nothing_to_acknowledge(ready_report: int, record: Record) -> None:
    assert since(ready_report, record) == {}
    sign(ready_report, record)
    assert view(ready_report).signature.meaning == MEANING  # type: ignore[union-attr]


def test_what_was_written_since_is_acknowledged_one_by_one_and_bound(ready_report: int, record: Record) -> None:
    refs = write(record)
    found = since(ready_report, record)
    assert set(found) == set(refs)
    assert {one.what for one in found.values()} == {since_draft.NEW}
    keys = [one.key for one in found.values()]
    for seen in ((), tuple(keys[:1]), tuple(refs)):
        with pytest.raises(reports.UnseenRows, match="written since drafting"):
            sign(ready_report, record, seen)
    sign(ready_report, record, tuple(keys))
    signature = view(ready_report).signature
    assert signature is not None
    assert signature.holds
    assert f"I have seen 2 rows written since the draft (list {since_draft.list_hash(keys)})" in signature.meaning
    with databases.read(Store.HOT) as session:
        kept = session.scalars(select(Omission).where(Omission.report_id == ready_report)).all()
    assert set(refs) <= {row.ref for row in kept if "seen by the signer" in row.reason}


def test_a_row_that_changed_again_after_it_was_seen_is_asked_about_again(ready_report: int, record: Record) -> None:
    ref, _ = write(record)
    keys = tuple(one.key for one in since(ready_report, record).values())
    with databases.write() as session:
        session.get_one(Observation, int(ref.partition(":")[2])).value_number = Decimal("3.1")
    with pytest.raises(reports.UnseenRows) as fault:
        sign(ready_report, record, keys)
    assert [row.ref for row in fault.value.rows] == [ref]
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Signature)).all() == []


def test_an_allergy_that_is_not_cited_and_changed_is_shown(ready_report: int, record: Record) -> None:
    ref = reject_claims_that_cite(ready_report, record, "allergy")
    with databases.write() as session:
        session.get_one(Allergy, record.allergy_id).substance = "Cefazolin"
    found = since(ready_report, record)
    assert (found[ref].what, found[ref].fields["substance"]) == (since_draft.CHANGED, "Cefazolin")
    with pytest.raises(reports.UnseenRows):
        sign(ready_report, record)


def test_an_allergy_that_is_gone_is_shown(ready_report: int, record: Record) -> None:
    ref = reject_claims_that_cite(ready_report, record, "allergy")
    with databases.write() as session:
        session.delete(session.get_one(Allergy, record.allergy_id))
    assert since(ready_report, record)[ref].what == since_draft.GONE


def reject_claims_that_cite(report_id: int, record: Record, kind: str) -> str:
    with databases.write() as session:
        for claim in view(report_id).claims:
            if kind in {row.kind for row in claim.citations}:
                reports.decide_claim(
                    session, report_id=report_id, claim_id=claim.id, decision="rejected", reason="No", by=record.doctor
                )
    return f"{kind}:{record.allergy_id}"
