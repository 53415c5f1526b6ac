"""Rows that hold hostile text in every column that people, files or models fill, and their removal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import String, create_engine, delete, inspect, or_, text
from sqlalchemy.orm import Session
from webauthn.helpers import bytes_to_base64url

from core import audit
from core.models import (
    Account,
    Alert,
    Allergy,
    ArchiveRun,
    Assay,
    Base,
    Batch,
    Check,
    Citation,
    Claim,
    Clinic,
    Condition,
    Correction,
    Credential,
    Erasure,
    EvalRun,
    Evidence,
    LastLook,
    ModelCall,
    Note,
    Observation,
    Omission,
    OutlierLine,
    Passkey,
    Patient,
    Practitioner,
    Prescription,
    Report,
    ReportEvent,
    Role,
    RunEvent,
    Signature,
    SignerNotice,
    SignIn,
    Statement,
    Step,
    Switch,
    Visit,
    utc_now,
)
from core.sealing import stored_national_id
from core.services.reports.halting import HALT
from core.settings import config
from core.stores import databases
from tests.factories import PASSWORD
from tests.functional.hostile_columns import ASIDE_SAID, COLUMNS, HALTED, KINDS, OURS

# Behind the lines that the demo has counted itself.
RANKS_OF_OTHERS = 1_000
HASH = PasswordHasher().hash(PASSWORD)


class Planted:
    """One kind of text, in every column: `texts` says what is where, by `table.column`."""

    def __init__(self, session: Session, kind: str) -> None:
        self.session, self.kind = session, kind
        self.texts: dict[str, str] = {}
        self.rows: list[Any] = []

    def text(self, name: str, length: int | None = None) -> str:
        """The hostile text of a column, as much of it as fits."""
        self.texts[name] = KINDS[self.kind].replace("@", str(COLUMNS.index(name)))[:length]
        return self.texts[name]

    def said(self, table: str, part: str) -> str:
        """What another system said of a row, hostile text in one part of it."""
        return json.dumps({part: self.text(f"{table}.said")})

    def row(self, model: type[Base], **values: Any) -> Any:
        """A row whose columns for text, those given apart, hold hostile text."""
        for column in model.__table__.columns:
            name = f"{column.table.name}.{column.name}"
            if isinstance(column.type, String) and column.name not in values and name not in OURS | ASIDE_SAID:
                values[column.name] = self.text(name, column.type.length)
        row = model(**values)
        self.session.add(row)
        self.session.flush()
        self.rows.append(row)
        return row

    def plant(self) -> None:
        """A patient with a record, reports and an account; a clinician; failed runs of the archive; figures."""
        self._people()
        self._record()
        self.ready, self.signed, self.failed = self._ready(), self._signed(), self._report("failed")
        self.row(SignerNotice, report_id=self.signed.id, account_id=self.clinician.id)
        self._operations()
        self._events()

    def _people(self) -> None:
        number = stored_national_id.columns(self.text("patient.national_id_sealed"))
        number["said"] = self.said("patient", "replaced_by")
        self.patient = self.row(Patient, sex="female", birth_on=date(1961, 3, 14), legal_hold=True, **number)
        name = self.text("account.username").lower()
        self.clinician = self.row(Account, username=f"clinician{name}", role=Role.CLINICIAN, covers_all=True)
        own = {"role": Role.PATIENT, "patient_id": self.patient.id}
        self.account = self.row(Account, username=f"patient{name}", **own)
        for account in (self.clinician, self.account):
            self.row(Credential, account_id=account.id, password_hash=HASH, totp_secret=None)
        about = {"credential_id": bytes_to_base64url(self.kind.encode()), "public_key": "", "sign_count": 0}
        self.row(Passkey, account_id=self.clinician.id, **about)
        for portal, account in (("staff", self.clinician), ("public", self.account)):
            self.row(
                SignIn, token_hash=f"{portal}{account.id}", portal=portal, account_id=account.id,
                data=json.dumps({"address": self.text("sign_in.data")}), created_at=utc_now(),
                seen_at=utc_now(), expires_at=utc_now() + timedelta(hours=1),
            )  # fmt: skip

    def _record(self) -> None:
        now, about = utc_now(), {"patient_id": self.patient.id}
        clinic, practitioner = self.row(Clinic), self.row(Practitioner)
        self.visit = self.row(
            Visit, clinic_id=clinic.id, practitioner_id=practitioner.id, status="finished",
            started_at=now - timedelta(hours=1), ended_at=now, **about,
        )  # fmt: skip
        about["visit_id"] = self.visit.id
        self.row(
            Correction, row_type="visit", row_id=self.visit.id, kind="edit", in_force=False,
            before=json.dumps({"description": self.text("correction.before")}), **about,
        )  # fmt: skip
        self.row(Note, written_at=now, said=self.said("note", "status"), **about)
        self.row(Statement, kind="negation", **about)
        self.assay, answers = self.row(Assay), self.row(Assay, unit=None)
        status = self.said("observation", "status")
        self.row(Observation, assay_id=answers.id, observed_at=now, unit=None, said=status, **about)
        for days, value in ((2, 5), (1, 7), (0, 9)):
            self.row(
                Observation, assay_id=self.assay.id, value_number=Decimal(value), value_text=None, ref_low=Decimal(4),
                ref_high=Decimal(6), observed_at=now - timedelta(days=days), said=status, **about,
            )  # fmt: skip
        self.row(Condition, status="active", onset_on=None, said=self.said("condition", "onset"), **about)
        self.row(Prescription, status="active", started_on=date(2020, 1, 1), **about)
        self.row(Allergy, status="active", patient_id=self.patient.id)

    def _report(self, state: str) -> Report:
        report: Report = self.row(
            Report, patient_id=self.patient.id, state=state, requested_by=self.clinician.id, ready_at=utc_now()
        )
        about = {"report_id": report.id}
        self.row(
            Evidence, ref=f"note:{report.id}", store="replica", patient_id=self.patient.id,
            fields={"text": self.text("evidence.fields")}, **about,
        )  # fmt: skip
        self.row(Omission, ref=f"note:{report.id}", **about)
        self.row(ReportEvent, to_state=state, **about)
        self.row(ModelCall, round=0, attempt=1, **about)
        return report

    def _ready(self) -> Report:
        """A flag to decide, one decided, and a claim that the drafter took back."""
        report = self._report("ready")
        by = {"decided_by": self.clinician.id, "decided_at": utc_now()}
        self.claim = self._claim(report, 1, decision_reason=None)
        self.decided = self._claim(report, 2, decision="accepted", **by)
        self._claim(report, 3, decision="rejected")
        return report

    def _signed(self) -> Report:
        report = self._report("ready")
        self._claim(report, 1, flagged=False, verdict="supported")
        self.row(Signature, report_id=report.id, account_id=self.clinician.id)
        report.state, report.closed_at = "signed", utc_now()
        self.session.flush()
        return report

    def _claim(self, report: Report, ordinal: int, **values: Any) -> Claim:
        about = {"patient_id": report.patient_id, "round": 0, "flagged": True, "verdict": "contradicted"}
        claim: Claim = self.row(Claim, report_id=report.id, ordinal=ordinal, **{**about, **values})
        cited = {"report_id": report.id, "claim_id": claim.id}
        self.row(Citation, ref=f"note:{report.id}", **cited)
        for checker in ({}, {"checker": "model"}):
            self.row(Check, verdict=claim.verdict, reasons=[self.text("claim_check.reasons")], **checker, **cited)
        said = [{"kind": "note", "about": "", "known_as": "", "span": claim.text, "parts": []}]
        self.row(Check, checker="reader", verdict="not in these rows", reasons=[], said=json.dumps(said), **cited)
        return claim

    def _operations(self) -> None:
        now = utc_now()
        about = {"record_type": "visit", "kind": "archive"}
        run = {"state": "failed", "as_of": now, "cutoff_at": now, "batch_rows": 100, "throttled_at": now}
        self.runs = [self.row(ArchiveRun, **about, **run), self.row(ArchiveRun, **{**about, "kind": "restore"}, **run)]
        self.batches = []
        for made, kind in zip(self.runs, ("roots", "restore"), strict=True):
            step = "verify" if kind == "roots" else "restore"
            values = {"record_type": "visit", "kind": kind, "state": "planned", "failed_step": step}
            batch = self.row(Batch, run_id=made.id, ordinal=1, rows=5, **values)
            self.batches.append(batch)
            self.row(Step, run_id=made.id, batch_id=batch.id, name=step, attempt=1, state="failed", finished_at=now)
            self.row(RunEvent, run_id=made.id)
        rank = RANKS_OF_OTHERS + list(KINDS).index(self.kind)
        self.row(OutlierLine, kind="namesake", rank=rank, patient_id=self.patient.id, number=1, at=now)
        self.row(Erasure, patient_id=10**12 + list(KINDS).index(self.kind), hot_at=now, archives_at=now, staged_at=now)
        self.row(Alert, value=1.0, threshold=0.5, samples=9, cleared_at=now)
        self.row(EvalRun, suite="factcheck", passed=True, figures={"pass_rate": 1.0, "cases": 10})

    def _events(self) -> None:
        """On the audit trail, where they stay, by way of its own chain."""
        names = ("portal", "address", "request_id", "target", "purpose", "action")
        texts = {name: self.text(f"access_event.{name}", 60) for name in names}
        origin = audit.Origin(texts["portal"], texts["address"], texts["request_id"])
        self.texts["access_event.actor_name"] = self.clinician.name
        token = audit.origin.set(origin)
        try:
            for action in (texts["action"], "patient.hold"):
                audit.record(
                    self.session, action, by=self.clinician, patient_id=self.patient.id, target=texts["target"],
                    purpose=texts["purpose"],
                )  # fmt: skip
        finally:
            audit.origin.reset(token)


@contextmanager
def planted(env: dict[str, str]) -> Iterator[dict[str, Planted]]:
    """Every kind of text in every column, by kind; all but the audit trail is taken away at the end."""
    databases.configure(config.load(env))
    engine = create_engine(env["STRATA_PRIMARY_URL"])
    with Session(engine, expire_on_commit=False) as session:
        made = {kind: Planted(session, kind) for kind in KINDS}
        try:
            for one in made.values():
                one.plant()
            halt = {name.removeprefix("switch."): words for name, words in HALTED.items()}
            session.merge(Switch(name=HALT, on=True, **halt))
            session.commit()
            wait_until_replayed(env["STRATA_PRIMARY_URL"], env["STRATA_REPLICA_URL"])
            yield made
        finally:
            session.rollback()
            _take_away(session, made)
            session.commit()
    engine.dispose()


def _take_away(session: Session, made: dict[str, Planted]) -> None:
    session.execute(delete(Switch).where(Switch.name == HALT))
    planted = [row for one in made.values() for row in one.rows]
    accounts = [row.id for row in planted if isinstance(row, Account)]
    for table in (SignIn, Credential):
        session.execute(delete(table).where(table.account_id.in_(accounts)))
    patients = [row.id for row in planted if isinstance(row, Patient)]
    looks = or_(LastLook.account_id.in_(accounts), LastLook.patient_id.in_(patients))
    session.execute(delete(LastLook).where(looks))
    for row in reversed(planted):
        if not isinstance(row, SignIn | Credential):
            _remove(session, row)


def _remove(session: Session, row: Any) -> None:
    key = zip(inspect(type(row)).primary_key, inspect(row).identity, strict=True)
    session.execute(delete(type(row)).where(*(column == value for column, value in key)))


def wait_until_replayed(primary_url: str, replica_url: str) -> None:
    """Wait until the standby has all that the primary has written."""
    primary, replica = create_engine(primary_url), create_engine(replica_url)
    with primary.connect() as one, replica.connect() as other:
        position = one.scalar(text("SELECT pg_current_wal_insert_lsn()"))
        while other.scalar(text("SELECT pg_last_wal_replay_lsn() < CAST(:position AS pg_lsn)"), {"position": position}):
            other.execute(text("SELECT pg_sleep(0.05)"))
    primary.dispose()
    replica.dispose()
