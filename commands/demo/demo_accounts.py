"""The demo's accounts, with passwords made at its first start."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commands.demo.demo_files import Keys, SignIn
from core.models import Account, Credential, Patient, Practitioner, Role, Visit, utc_now
from core.sealing import sealed
from core.services import accounts, second_factor
from core.stores import databases

STAFF = (Role.CLINICIAN, Role.ADMIN, Role.AUDITOR)
PATIENTS = ("patient1", "patient2")
RECENT = timedelta(days=183)


def ensure(data_dir: Path, keys: Keys) -> list[SignIn]:
    """Make the accounts that are missing. The passwords go to the file first, so that none is lost."""
    if not keys.sign_ins:
        keys.sign_ins = _all_made_up()
        keys.save(data_dir)
    with databases.write() as session:
        known = set(session.scalars(select(Account.username)))
        missing = [sign_in for sign_in in keys.sign_ins if sign_in.username not in known]
        made = _create_all(session, missing) if missing else []
    return [sign_in for sign_in in keys.sign_ins if sign_in in made or sign_in.username in known]


def _create_all(session: Session, missing: list[SignIn]) -> list[SignIn]:
    """Those that were made: a patient has one account, so where there are fewer patients, there are fewer accounts."""
    patients = _patients(session)
    without = PATIENTS[len(patients) :]
    made = [sign_in for sign_in in missing if sign_in.username not in without]
    for sign_in in made:
        _create(session, sign_in, patients)
    return made


def _all_made_up() -> list[SignIn]:
    names = [(role, role.value) for role in STAFF] + [(Role.PATIENT, name) for name in PATIENTS]
    return [_made_up(role, name) for role, name in names]


def _made_up(role: Role, name: str) -> SignIn:
    needs_codes = role in STAFF and databases.current().settings.second_factor == "required"
    secret = second_factor.new_secret() if needs_codes else None
    return SignIn(role.value, name, secrets.token_urlsafe(12), secret)


def _create(session: Session, sign_in: SignIn, patients: list[Patient]) -> None:
    role = Role(sign_in.role)
    patient = patients[PATIENTS.index(sign_in.username)] if role is Role.PATIENT else None
    practitioner = _practitioner(session) if role is Role.CLINICIAN else None
    person = patient or practitioner
    account = accounts.create_account(
        session,
        username=sign_in.username,
        password=sign_in.password,
        role=role,
        name=person.name if person else f"Demo {role.value}",
        patient_id=patient.id if patient else None,
        practitioner_id=practitioner.id if practitioner else None,
        # The demo's clinician finds every patient. To see a closed record, end this at /accounts.
        covers_all=role is Role.CLINICIAN,
    )
    if sign_in.totp_secret is not None:
        session.get_one(Credential, account.id).totp_secret = sealed.seal(sign_in.totp_secret)


def _patients(session: Session) -> list[Patient]:
    """Living patients with the most visits, if possible seen lately: their records have something to show."""
    visits = (
        select(Visit.patient_id, func.count().label("number"), func.max(Visit.started_at).label("last"))
        .group_by(Visit.patient_id)
        .subquery()
    )
    query = (
        select(Patient)
        .outerjoin(visits, visits.c.patient_id == Patient.id)
        .where(Patient.deceased_on.is_(None))
        .order_by(
            func.coalesce(visits.c.last > utc_now() - RECENT, False).desc(),
            func.coalesce(visits.c.number, 0).desc(),
            Patient.id,
        )
        .limit(len(PATIENTS))
    )
    return list(session.scalars(query))


def _practitioner(session: Session) -> Practitioner | None:
    busiest = (
        select(Practitioner)
        .join(Visit)
        .group_by(Practitioner.id)
        .order_by(func.count().desc(), Practitioner.id)
        .limit(1)
    )
    return session.scalar(busiest)
