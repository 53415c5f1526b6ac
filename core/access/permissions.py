"""Which role may do what: one map from a right to the roles that have it.

In which state of a thing it may be done is in core/models/transitions.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from core.models.known_words import known
from core.models.people import Role


class Right(StrEnum):
    """One thing that a person can do, in the words that end "You are not allowed to ..."."""

    OWN_ACCOUNT = "change this account"
    OWN_RECORD_READ = "read a record of your own"
    PATIENT_SEARCH = "search for patients"
    RECORD_READ = "read patients' records"
    VISIT_WRITE = "write visits"
    OTHERS_CORRECT = "correct what others wrote"
    SENSITIVITY_SET = "keep visits apart"
    PATIENT_REGISTER = "register patients"
    REPORT_REQUEST = "request reports"
    REPORT_REVIEW = "review reports"
    REPORT_SIGN = "sign reports"
    REPORTS_HALT = "halt the making of reports"
    ARCHIVE_RUN = "run the archive"
    PATIENT_ERASE = "erase patients"
    LEGAL_HOLD = "set or lift legal holds"
    OPERATIONS_READ = "see how the system runs"
    CLINIC_FIGURES = "read clinics' figures"
    ACCOUNTS_MANAGE = "manage accounts"
    AUDIT_READ = "read the audit trail"


RIGHTS: Mapping[Right, frozenset[Role]] = {
    Right.OWN_ACCOUNT: frozenset(Role),
    Right.OWN_RECORD_READ: frozenset({Role.PATIENT}),
    Right.PATIENT_SEARCH: frozenset({Role.CLINICIAN}),
    Right.RECORD_READ: frozenset({Role.CLINICIAN}),
    Right.VISIT_WRITE: frozenset({Role.CLINICIAN}),
    Right.OTHERS_CORRECT: frozenset({Role.CLINICIAN}),
    Right.SENSITIVITY_SET: frozenset({Role.CLINICIAN}),
    Right.PATIENT_REGISTER: frozenset({Role.CLINICIAN}),
    Right.REPORT_REQUEST: frozenset({Role.CLINICIAN}),
    Right.REPORT_REVIEW: frozenset({Role.CLINICIAN}),
    Right.REPORT_SIGN: frozenset({Role.CLINICIAN}),
    Right.REPORTS_HALT: frozenset({Role.ADMIN}),
    Right.ARCHIVE_RUN: frozenset({Role.ADMIN}),
    Right.PATIENT_ERASE: frozenset({Role.ADMIN}),
    Right.LEGAL_HOLD: frozenset({Role.ADMIN}),
    Right.OPERATIONS_READ: frozenset({Role.ADMIN, Role.AUDITOR}),
    Right.CLINIC_FIGURES: frozenset({Role.ADMIN}),
    Right.ACCOUNTS_MANAGE: frozenset({Role.ADMIN}),
    Right.AUDIT_READ: frozenset({Role.AUDITOR}),
}

CLINICAL = frozenset(
    {
        Right.PATIENT_SEARCH,
        Right.RECORD_READ,
        Right.VISIT_WRITE,
        Right.OTHERS_CORRECT,
        Right.SENSITIVITY_SET,
        Right.PATIENT_REGISTER,
        Right.REPORT_REQUEST,
        Right.REPORT_REVIEW,
        Right.REPORT_SIGN,
    }
)
RUNNING = frozenset(
    {
        Right.REPORTS_HALT,
        Right.ARCHIVE_RUN,
        Right.PATIENT_ERASE,
        Right.LEGAL_HOLD,
        Right.CLINIC_FIGURES,
        Right.ACCOUNTS_MANAGE,
    }
)

# Duties that stay separate: a right denied here is denied even if RIGHTS grants it.
DENIED: Mapping[Role, frozenset[Right]] = {
    Role.PATIENT: CLINICAL | RUNNING | {Right.OPERATIONS_READ, Right.AUDIT_READ},
    Role.CLINICIAN: RUNNING | {Right.OWN_RECORD_READ, Right.AUDIT_READ},
    Role.ADMIN: CLINICAL | {Right.OWN_RECORD_READ, Right.AUDIT_READ},
    Role.AUDITOR: CLINICAL | RUNNING | {Right.OWN_RECORD_READ},
}

STAFF_ROLES = frozenset({Role.CLINICIAN, Role.ADMIN, Role.AUDITOR})


class PermissionDenied(Exception):
    """The account does not have a right; the message says which, to the person who tried."""


class Actor(Protocol):
    """Whoever acts, as far as a permission depends on it: an Account, or an account's copy in the session."""

    @property
    def id(self) -> int: ...
    @property
    def role(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def active(self) -> bool: ...
    @property
    def patient_id(self) -> int | None: ...


def can(actor: Actor | None, right: Right) -> bool:
    """Whether the account is active, and its role is granted the right and not denied it. False without an account."""
    if actor is None or not actor.active:
        return False
    role = known(Role, actor.role)
    return role is not None and right not in DENIED[role] and role in RIGHTS[right]


def check(actor: Actor | None, right: Right) -> None:
    """Raises PermissionDenied unless the account has the right."""
    if not can(actor, right):
        raise PermissionDenied(f"You are not allowed to {right}")


def can_read_record(actor: Actor | None, patient_id: int) -> bool:
    """Whether the account may read this patient's record: patients their own, clinicians any."""
    if can(actor, Right.OWN_RECORD_READ):
        return actor is not None and actor.patient_id == patient_id
    return can(actor, Right.RECORD_READ)
