"""What is there to be taken in the primary, and what an attempt at it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert
from sqlalchemy.orm import Session

from core import audit
from core.audit import Origin
from core.install.database_roles import DatabaseRole
from core.models import (
    Correction,
    CorrectionKind,
    Erasure,
    GlassBreak,
    ModelCall,
    OutboxMessage,
    RecoveryCode,
    ReportState,
    Role,
    SetUpCode,
    SignIn,
    utc_now,
)
from core.models.record_types import ARCHIVE_METADATA
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account, make_patient
from tests.ready_report import make_ready_report, sign_ready_report

NOBODY: frozenset[DatabaseRole] = frozenset()


@dataclass(frozen=True)
class World:
    """What is there to be taken: two accounts with a sign-in each, a signed report, one to be signed, some events."""

    admin_id: int
    spare_admin_id: int
    patient_account_id: int
    new_patient_account_id: int
    patient_id: int
    signed_id: int
    ready_id: int
    ready_patient_id: int


@dataclass(frozen=True)
class Effect:
    """Statements that have the effect if the last touches or shows a row; it is the work of `part_of` alone."""

    name: str
    statement: Callable[[World], Any | tuple[Any, ...]]
    part_of: frozenset[DatabaseRole] = NOBODY

    def succeeds(self, connection: Connection, world: World) -> bool:
        """Try it, and take it back. Raises what the database refuses with."""
        statements = self.statement(world)
        with connection.begin() as trial:
            for statement in statements if isinstance(statements, tuple) else (statements,):
                done = connection.execute(statement)
            found = done.is_insert or (bool(done.fetchall()) if done.returns_rows else done.rowcount > 0)
            trial.rollback()
        return found


def make_world() -> World:
    """Made by the owner."""
    with databases.write() as session:
        patient, other = make_patient(session), make_patient(session, name="Lim Ah Kow")
        admin, doctor = make_account(session, role=Role.ADMIN), make_account(session)
        spare = make_account(session, role=Role.ADMIN)
        own = make_account(session, role=Role.PATIENT, patient_id=patient.id)
        new = make_account(session, role=Role.PATIENT, patient_id=other.id, password=None)
        session.add(SetUpCode(account_id=new.id, code_hash="0" * 64, expires_at=utc_now()))
        for portal, account in (("staff", admin), ("public", own)):
            session.add(_sign_in(portal, account.id))
            session.add(RecoveryCode(account_id=account.id, code_hash="0" * 64, made_at=utc_now()))
        ready = make_ready_report(session, other, doctor)
        signed = make_ready_report(session, patient, doctor)
        _record_as_each(session, patient.id)
        session.add(OutboxMessage(queue="ops", task="workers.tidy.tidy", arguments={}))
        session.add(Erasure(patient_id=10**6, requested_by="Somebody", reason="asked", rows=0))
        called = ModelCall(report_id=1, role="drafter", round=1, attempt=1)
        called.provider, called.requested_model, called.prompt_version = "x", "x", "x"
        session.add(called)
        session.add(GlassBreak(account_id=doctor.id, patient_id=patient.id, reason="asked", expires_at=utc_now()))
        session.add(
            Correction(
                patient_id=patient.id, row_type="observation", row_id=1, kind=CorrectionKind.ERROR, in_force=True,
                reason="of another person",
            )
        )  # fmt: skip
    sign_ready_report(signed, doctor)
    _archive(ReportState.REJECTED, ReportState.SIGNED)
    return World(admin.id, spare.id, own.id, new.id, patient.id, signed.id, ready.id, other.id)


def _archive(*states: ReportState) -> None:
    """A report of each state, with a claim, as an archive keeps them."""
    report, claim = (ARCHIVE_METADATA["reports"].tables[name] for name in ("report", "claim"))
    about = {"patient_id": 1, "round": 0, "version": 1, "batch_id": 1}
    with databases.current().engine(Store("reports"), read_only=False).begin() as archive:
        for number, state in enumerate(states, 10**6):
            of = {"id": number, "state": state, "requested_by": 1, "requested_at": utc_now()}
            archive.execute(insert(report).values(**about, **of))
            said = {"id": number, "report_id": number, "ordinal": 1, "section": "x", "text": "x", "flagged": False}
            archive.execute(insert(claim).values(**about, **said))


def _record_as_each(session: Session, patient_id: int) -> None:
    for role in DatabaseRole:
        token = audit.origin.set(Origin(role.kind))
        audit.record(session, "chart.viewed", by=None, patient_id=patient_id)
        audit.origin.reset(token)


def _sign_in(portal: str, account_id: int) -> SignIn:
    now = utc_now()
    return SignIn(
        token_hash=f"{portal}-{account_id}".ljust(64, "0"), portal=portal, account_id=account_id, data="{}",
        created_at=now, seen_at=now, expires_at=now + timedelta(hours=1),
    )  # fmt: skip
