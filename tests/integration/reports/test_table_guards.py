"""What the database itself refuses, whoever asks and by whatever route."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError

from core.models import Citation, Claim, Evidence, Report, ReportState, Signature
from core.services import reports
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD
from tests.report_records import Record, view


@pytest.fixture
def signed_report(ready_report: int, record: Record) -> int:
    with databases.write() as session:
        reports.sign(session, report_id=ready_report, by=record.doctor, password=PASSWORD)
    return ready_report


def write(statement: Any) -> None:
    with databases.write() as session:
        session.execute(statement)


def become(report_id: int, state: ReportState) -> Any:
    return update(Report).where(Report.id == report_id).values(state=state)


def test_no_signed_state_without_a_signature(ready_report: int) -> None:
    with pytest.raises(DBAPIError, match="has no signature"):
        write(become(ready_report, ReportState.SIGNED))


def test_no_signature_over_an_undecided_flag(ready_report: int) -> None:
    write(update(Claim).where(Claim.report_id == ready_report, Claim.ordinal == 1).values(flagged=True))
    write(insert(Signature).values(report_id=ready_report, account_id=1, name="X", meaning="Y", content_hash="0"))
    with pytest.raises(DBAPIError, match="flagged claims without a decision"):
        write(become(ready_report, ReportState.SIGNED))


def test_a_signed_report_stays_signed_or_is_withdrawn(signed_report: int) -> None:
    with pytest.raises(DBAPIError, match="is signed and can not become ready"):
        write(become(signed_report, ReportState.READY))
    write(become(signed_report, ReportState.WITHDRAWN))


@pytest.mark.parametrize(
    ("kind", "values"),
    [(Claim, {"text": "All well."}), (Citation, {"ref": "patient:1"}), (Signature, {"name": "Somebody Else"})],
)
def test_what_is_signed_is_not_changed(signed_report: int, kind: Any, values: dict[str, str]) -> None:
    with pytest.raises(DBAPIError, match="is signed: its"):
        write(update(kind).where(kind.report_id == signed_report).values(**values))


def cite_and_sign(report_id: int, **cited: Any) -> None:
    write(insert(Citation).values(report_id=report_id, content_hash="0", **cited))
    write(become(report_id, ReportState.SIGNED))


def test_a_claim_cites_only_what_was_supplied(ready_report: int) -> None:
    """Refused at once, or on SQL Server when it is to be signed."""
    claim = view(ready_report).claims[0]
    with pytest.raises(DBAPIError, match="was not supplied with observation:424242"):
        cite_and_sign(ready_report, claim_id=claim.id, ref="observation:424242")


def test_a_claim_cites_only_its_own_patients_rows(ready_report: int, record: Record) -> None:
    claim = view(ready_report).claims[0]
    foreign = Evidence(
        report_id=ready_report, patient_id=record.patient_id + 1, ref="observation:9", store="replica",
        content_hash="0", fields={},
    )  # fmt: skip
    with databases.write() as session:
        session.add(foreign)
    with pytest.raises(DBAPIError, match="was not supplied with"):
        cite_and_sign(ready_report, claim_id=claim.id, ref="observation:9")


@pytest.fixture
def unguarded() -> Iterator[None]:
    """A superuser who turns the triggers off."""
    switch = "ALTER TABLE claim {} TRIGGER claim_guard"
    write(text(switch.format("DISABLE")))
    yield
    write(text(switch.format("ENABLE")))


def test_what_gets_past_it_is_seen_by_the_signature(signed_report: int, unguarded: None) -> None:
    write(update(Claim).where(Claim.report_id == signed_report, Claim.ordinal == 1).values(section="Moved"))
    signature = view(signed_report).signature
    assert signature is not None
    assert not signature.holds
    with databases.read(Store.HOT) as session:
        assert session.get_one(Report, signed_report).state == ReportState.SIGNED
