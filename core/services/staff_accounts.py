"""Accounts that an admin opens, each with a set-up code that is shown once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import permissions
from core.access.permissions import Actor, Right
from core.models import Account, Patient, Practitioner, Role
from core.services import accounts, meant, set_up_codes
from core.services.input import Faults
from core.services.meant import AnotherPerson
from core.services.set_up_codes import MadeCode

ROLES: dict[str, str] = {role.value: role.value.capitalize() for role in Role}


@dataclass(frozen=True)
class NewAccount:
    """What the form holds. `patient_id`, as typed, and the year `born` are for a patient's account.

    `practitioner_id` is for a clinician's.
    """

    role: str
    username: str
    name: str
    patient_id: str = ""
    practitioner_id: int | None = None
    born: str = ""


def open_account(session: Session, *, new: NewAccount, hours: int, by: Actor) -> tuple[Account, MadeCode]:
    """Make an account, and a set-up code that is good for so many hours. Raises PermissionDenied, InvalidInput."""
    permissions.check(by, Right.ACCOUNTS_MANAGE)
    faults = Faults()
    role = faults.choice("role", new.role, ROLES, "Choose a role.")
    username = faults.line("username", new.username, limit=120, required="Enter a user name.")
    patient = _patient(session, new, by, faults)
    name = _name(new, patient, faults)
    _check_practitioner(session, new, faults)
    faults.check()
    try:
        account = accounts.create_account(
            session,
            username=username or "",
            password=None,
            role=Role(role),
            name=name,
            patient_id=patient.id if patient is not None else None,
            practitioner_id=new.practitioner_id,
            by=by,
        )
    except accounts.AccountFault as fault:
        faults.add("username", str(fault))
        faults.check()
        raise
    return account, set_up_codes.make(session, account_id=account.id, hours=hours, by=by)


def _name(new: NewAccount, patient: Patient | None, faults: Faults) -> str:
    """The name as typed, or else the patient's."""
    typed = faults.line("name", new.name, limit=200)
    if typed is None and patient is None:
        faults.add("name", "Enter the person's name.")
    return typed or (patient.name if patient is not None else "")


def _check_practitioner(session: Session, new: NewAccount, faults: Faults) -> None:
    if new.practitioner_id is None:
        return
    if session.get(Practitioner, new.practitioner_id) is None:
        faults.add("practitioner_id", "Choose a practitioner from the list.")
    if new.role != Role.CLINICIAN:
        faults.add("practitioner_id", "Only a clinician's account belongs to a practitioner.")


def _patient(session: Session, new: NewAccount, by: Actor, faults: Faults) -> Patient | None:
    typed = new.patient_id.strip()
    if new.role != Role.PATIENT:
        if typed:
            faults.add("patient_id", "Only a patient's account belongs to a patient.")
        return None
    patient = session.get(Patient, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None
    if patient is None:
        faults.add("patient_id", "Enter the number of a registered patient, as the address of their chart shows it.")
        return None
    try:
        meant.check(patient, new.born, by=by)
    except AnotherPerson as fault:
        faults.add("born", f"{str(fault).capitalize()}.")
    if session.scalar(select(Account.id).where(Account.patient_id == patient.id).limit(1)) is not None:
        faults.add("patient_id", "This patient has an account already. Make a new set-up code for that one.")
    return patient
