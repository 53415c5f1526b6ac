"""Erasing a patient, at the patient's request, from every tier and staged file; the audit trail stays whole.

The request deletes the primary's rows in one transaction: from then on nobody sees anything of the patient. A job that
goes on until it is done (workers/archive/erase.py) deletes from the archives and the staged files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Table, and_, delete, or_, select
from sqlalchemy.orm import Session

from core import audit
from core.access import permissions
from core.access.permissions import Actor, Right
from core.jobs import outbox
from core.models import Account, Base, Erasure, ImportedRow, Patient, Report, utc_now
from core.models.record_types import RECORD_TYPES, REPORT
from core.queries.patients import NoSuchPatient
from core.services import archive, holding_sums, meant
from core.services.sent_forms import FORM_SOURCE

# Tables that name a patient by number and must stay: the audit trail, and the erasure itself.
KEPT = frozenset({"access_event", "erasure", "batch"})
OF_ACCOUNTS = frozenset({"sign_in", "recovery_code", "passkey", "credential", "set_up_code"})
TASK = "workers.archive.erase.erase"
IDS_A_STATEMENT = 5_000


class LegalHold(Exception):
    """The patient's rows are under a legal hold; the message says what to do."""


def confirmation(patient_id: int) -> str:
    """What a person must type to mean it."""
    return f"erase patient {patient_id}"


def erase_patient(
    session: Session, *, patient_id: int, reason: str, by: Actor | None, born: str | None = None
) -> Erasure:
    """Erase a patient's rows from the primary and decide on the rest.

    `born` is the year of birth that the request names, or `unknown`: whoever works by the portal must give it.
    Raises PermissionDenied, NoSuchPatient, AnotherPerson, LegalHold, RunUnderWay (rows that are moving can't be erased
    for sure).
    """
    if by is not None:
        permissions.check(by, Right.PATIENT_ERASE)
    patient = session.scalar(select(Patient).where(Patient.id == patient_id).with_for_update())
    if patient is None:
        raise NoSuchPatient(patient_id)
    meant.check(patient, born, by=by)
    if patient.legal_hold:
        raise LegalHold(f"patient {patient_id} is under a legal hold: lift it first")
    for record_type in RECORD_TYPES:
        archive.check_none_under_way(session, record_type)
    erasure = Erasure(
        patient_id=patient_id, reason=reason[:400], requested_by=by.name if by is not None else archive.COMMAND
    )
    session.add(erasure)
    session.expunge(patient)
    erased = _erase_hot(session, patient_id)
    forget_imports(session, erased)
    erasure.rows, erasure.hot_at = sum(map(len, erased.values())), utc_now()
    session.flush()
    audit.record(session, "patient.erase", by=by, patient_id=patient_id, target=f"erasure:{erasure.id}")
    outbox.add(session, TASK, erasure_id=erasure.id)
    return erasure


def _erase_hot(session: Session, patient_id: int) -> dict[str, list[int]]:
    """Delete the patient's rows, referring rows before the rows they refer to. Returns the deleted ids by table."""
    holding_sums.leave_out(session, patient_id)
    reports = list(session.scalars(select(Report.id).where(Report.patient_id == patient_id)))
    accounts = list(session.scalars(select(Account.id).where(Account.patient_id == patient_id)))
    erased = {}
    for table in reversed(Base.metadata.sorted_tables):
        condition = _of_patient(table, patient_id, reports, accounts)
        if condition is not None:
            column = table.c.get("id", next(iter(table.primary_key.columns)))
            gone = session.scalars(delete(table).where(condition).returning(column)).all()
            erased[table.name] = list(gone) if "id" in table.c else []
    return erased


def _of_patient(
    table: Table, patient_id: int, reports: Sequence[int], accounts: Sequence[int]
) -> ColumnElement[bool] | None:
    """The condition on a table that a row belongs to the patient; None if the table has no patients' rows."""
    if table.name in KEPT:
        return None
    if table is Patient.__table__:
        return table.c.id == patient_id
    mine: list[ColumnElement[bool]] = []
    if "patient_id" in table.c:
        mine.append(table.c.patient_id == patient_id)
    if any(child.table is table for child in REPORT.children):
        mine.append(table.c.report_id.in_(reports))
    if table.name in OF_ACCOUNTS:
        mine.append(table.c.account_id.in_(accounts))
    return or_(*mine) if mine else None


def forget_imports(session: Session, erased: Mapping[str, Sequence[int]]) -> None:
    """Drop the import ledger's entries for these rows; the patient's own stays and keeps imports from undoing it."""
    for kind, ids in erased.items():
        for start in range(0, len(ids) if kind != "patient" else 0, IDS_A_STATEMENT):
            part = ids[start : start + IDS_A_STATEMENT]
            session.execute(delete(ImportedRow).where(ImportedRow.ref_type == kind, ImportedRow.row_id.in_(part)))
    people = or_(
        ImportedRow.source == ImportedRow.IDENTIFIER,
        and_(ImportedRow.source == FORM_SOURCE, ImportedRow.ref_type == "patient"),
    )
    session.execute(delete(ImportedRow).where(people, ImportedRow.row_id.in_(erased.get("patient", ()))))
