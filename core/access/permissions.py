"""Who may: one map from a right to the roles that have it. In which state is in core/models/transitions.py."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from core.models.people import Role


class Right(StrEnum):
    """One thing that a person can do."""

    OWN_ACCOUNT = "own account: change"
    OWN_RECORD_READ = "own record: read"
    PATIENT_SEARCH = "patients: search"
    RECORD_READ = "record: read"
    VISIT_WRITE = "visit: write"
    SENSITIVITY_SET = "visit: keep apart"
    PATIENT_REGISTER = "patient: register"
    REPORT_REQUEST = "report: request"
    REPORT_REVIEW = "report: review"
    REPORT_SIGN = "report: sign"
    REPORTS_HALT = "reports: halt"
    ARCHIVE_RUN = "archive: run"
    PATIENT_ERASE = "patient: erase"
    LEGAL_HOLD = "patient: legal hold"
    OPERATIONS_READ = "operations: read"
    ACCOUNTS_MANAGE = "accounts: manage"
    AUDIT_READ = "audit: read"


RIGHTS: Mapping[Right, frozenset[Role]] = {
    Right.OWN_ACCOUNT: frozenset(Role),
    Right.OWN_RECORD_READ: frozenset({Role.PATIENT}),
    Right.PATIENT_SEARCH: frozenset({Role.CLINICIAN}),
    Right.RECORD_READ: frozenset({Role.CLINICIAN}),
    Right.VISIT_WRITE: frozenset({Role.CLINICIAN}),
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
    Right.ACCOUNTS_MANAGE: frozenset({Role.ADMIN}),
    Right.AUDIT_READ: frozenset({Role.AUDITOR}),
}

CLINICAL = frozenset(
    {
        Right.PATIENT_SEARCH,
        Right.RECORD_READ,
        Right.VISIT_WRITE,
        Right.SENSITIVITY_SET,
        Right.PATIENT_REGISTER,
        Right.REPORT_REQUEST,
        Right.REPORT_REVIEW,
        Right.REPORT_SIGN,
    }
)
RUNNING = frozenset(
    {Right.REPORTS_HALT, Right.ARCHIVE_RUN, Right.PATIENT_ERASE, Right.LEGAL_HOLD, Right.ACCOUNTS_MANAGE}
)

# Duties that no grant may join; a denial beats whatever RIGHTS says.
DENIED: Mapping[Role, frozenset[Right]] = {
    Role.PATIENT: CLINICAL | RUNNING | {Right.OPERATIONS_READ, Right.AUDIT_READ},
    Role.CLINICIAN: RUNNING | {Right.OWN_RECORD_READ, Right.AUDIT_READ},
    Role.ADMIN: CLINICAL | {Right.OWN_RECORD_READ, Right.AUDIT_READ},
    Role.AUDITOR: CLINICAL | RUNNING | {Right.OWN_RECORD_READ},
}

STAFF_ROLES = frozenset({Role.CLINICIAN, Role.ADMIN, Role.AUDITOR})


class PermissionDenied(Exception):
    """The account has not the right; the message names the right."""


class Actor(Protocol):
    """What a permission needs to know of whoever acts: an Account, or its copy in the session."""

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
    """Whether the account has the right: granted to its role, and not denied to it. Nobody has none."""
    if actor is None or not actor.active:
        return False
    role = Role(actor.role)
    return right not in DENIED[role] and role in RIGHTS[right]


def check(actor: Actor | None, right: Right) -> None:
    """Raises PermissionDenied unless the account has the right."""
    if not can(actor, right):
        raise PermissionDenied(f"this account may not: {right}")


def can_read_record(actor: Actor | None, patient_id: int) -> bool:
    """Patients read their own record; clinicians, any."""
    if can(actor, Right.OWN_RECORD_READ):
        return actor is not None and actor.patient_id == patient_id
    return can(actor, Right.RECORD_READ)


def check_can_read_record(actor: Actor | None, patient_id: int) -> None:
    """Raises PermissionDenied unless the account may read this patient's record."""
    if not can_read_record(actor, patient_id):
        raise PermissionDenied("this account may not read this record")
