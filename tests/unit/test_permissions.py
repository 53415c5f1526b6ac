"""Deny wins: whatever is granted, no role gets a right that is denied to it."""

from __future__ import annotations

from dataclasses import dataclass
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import permissions
from core.access.permissions import DENIED, RIGHTS, PermissionDenied, Right
from core.models import Role

# Written out again, so that a denial taken from the map is missed here.
NEVER_DENIED = {
    Role.PATIENT: {Right.OWN_ACCOUNT, Right.OWN_RECORD_READ},
    Role.CLINICIAN: {
        Right.OWN_ACCOUNT,
        Right.PATIENT_SEARCH,
        Right.RECORD_READ,
        Right.VISIT_WRITE,
        Right.OTHERS_CORRECT,
        Right.SENSITIVITY_SET,
        Right.PATIENT_REGISTER,
        Right.REPORT_REQUEST,
        Right.REPORT_REVIEW,
        Right.REPORT_SIGN,
        Right.OPERATIONS_READ,
    },
    Role.ADMIN: {
        Right.OWN_ACCOUNT,
        Right.REPORTS_HALT,
        Right.ARCHIVE_RUN,
        Right.PATIENT_ERASE,
        Right.LEGAL_HOLD,
        Right.OPERATIONS_READ,
        Right.CLINIC_FIGURES,
        Right.ACCOUNTS_MANAGE,
    },
    Role.AUDITOR: {Right.OWN_ACCOUNT, Right.OPERATIONS_READ, Right.AUDIT_READ},
}
RULES = [(role, right) for role in Role for right in Right if right not in NEVER_DENIED[role]]
roles = st.frozensets(st.sampled_from(list(Role)))
rights = st.frozensets(st.sampled_from(list(Right)))


@dataclass(frozen=True)
class Person:
    role: str
    id: int = 1
    name: str = "A person"
    active: bool = True
    patient_id: int | None = None


def wrongly_allowed() -> list[tuple[Role, Right]]:
    """The rules that do not hold, were every right granted to every role."""
    with patch.object(permissions, "RIGHTS", dict.fromkeys(Right, frozenset(Role))):
        return [(role, right) for role, right in RULES if permissions.can(Person(role), right)]


@given(st.fixed_dictionaries(dict.fromkeys(Right, roles)), st.fixed_dictionaries(dict.fromkeys(Role, rights)))
def test_a_right_needs_a_grant_and_no_denial(
    granted: dict[Right, frozenset[Role]], denied: dict[Role, frozenset[Right]]
) -> None:
    with patch.object(permissions, "RIGHTS", granted), patch.object(permissions, "DENIED", denied):
        for role in Role:
            for right in Right:
                allowed = permissions.can(Person(role), right)
                assert allowed == (role in granted[right] and right not in denied[role])
                assert not permissions.can(Person(role, active=False), right)
                assert not permissions.can(None, right)


def test_no_grant_is_denied_as_well() -> None:
    assert not [(role, right) for right in Right for role in RIGHTS[right] if right in DENIED[role]]


def test_each_denial_holds_against_any_grant() -> None:
    assert not wrongly_allowed()


@pytest.mark.parametrize(("role", "right"), RULES)
def test_a_denial_taken_away_is_noticed(role: Role, right: Right) -> None:
    with patch.object(permissions, "DENIED", {**DENIED, role: DENIED[role] - {right}}):
        assert wrongly_allowed() == [(role, right)]


def test_a_refusal_says_what_is_not_allowed() -> None:
    with pytest.raises(PermissionDenied, match=r"^You are not allowed to sign reports$"):
        permissions.check(Person(Role.ADMIN), Right.REPORT_SIGN)
