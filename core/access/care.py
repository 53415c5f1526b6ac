"""Which patients a clinician may see: those in the clinician's care, and for a time those whose glass was broken.

The portals ask the primary, so that a tie that was cut is gone with the next request.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    DateTime,
    ScalarSelect,
    Select,
    bindparam,
    case,
    exists,
    false,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from core.access.permissions import Actor, PermissionDenied
from core.models import Account, CareTeamMember, GlassBreak, SensitiveGrant, SensitiveVisit, Visit, VisitTie, utc_now
from core.stores import databases

AccountId = int | BindParameter[int]
PatientId = InstrumentedAttribute[int] | int | BindParameter[int]
Instant = datetime | BindParameter[datetime]

ACCOUNT, PATIENT = (bindparam(name, type_=BigInteger()) for name in ("account", "patient"))
NOW, SINCE = (bindparam(name, type_=DateTime(timezone=True)) for name in ("now", "since"))


class Tie(StrEnum):
    """Why a clinician may see a patient, as the audit trail states it."""

    TEAM = "treatment team"
    VISIT = "recent or booked visit"
    DUTY = "duty cover"
    GLASS = "break-glass"


# What the trail says of a look on duty, before the reason that was given for the duty.
ON_DUTY_FOR = f"{Tie.DUTY}: "
PURPOSE_LENGTH_MAX = 400
# A visit that its author wrote by one of these ties the author further: somebody else began the care.
GIVEN_BY_OTHERS = (Tie.TEAM, Tie.VISIT)


class NotInCare(PermissionDenied):
    """The clinician has no tie to the patient, or the visit is hidden from the clinician.

    `action` is what the clinician tried, if it was a look; `visit_id` is the hidden visit.
    """

    def __init__(self, patient_id: int, action: str | None = None, *, visit_id: int | None = None) -> None:
        super().__init__(f"You have no part in the care of patient {patient_id}")
        self.patient_id, self.action, self.visit_id = patient_id, action, visit_id


def tie(session: Session, account_id: int, patient_id: int) -> Tie | None:
    """The account's closest tie to the patient, or None."""
    found = session.scalar(_tie(), _values(account_id, patient_id))
    return Tie(found) if found is not None else None


@cache
def _tie() -> Select[Any]:
    return select(_closest(_ties(ACCOUNT, PATIENT, since=SINCE, now=NOW)))


@dataclass(frozen=True)
class Standing:
    """How an account stands to a patient; `why` is the tie in the trail's words, of a duty with the reason given."""

    tie: Tie | None
    why: str | None
    hidden_visits: frozenset[int]


def standing(session: Session, account_id: int, patient_id: int) -> Standing:
    """The account's closest tie and the visits hidden from it: one query unless the patient has sensitive visits."""
    found, is_any, reason = session.execute(_standing(), _values(account_id, patient_id)).one()
    hidden = hidden_visits(session, account_id, patient_id) if is_any else frozenset()
    why = f"{ON_DUTY_FOR}{reason}"[:PURPOSE_LENGTH_MAX] if found == Tie.DUTY and reason else found
    return Standing(Tie(found) if found is not None else None, why, hidden)


@cache
def _standing() -> Select[Any]:
    """Made once, as the others here: each page asks it, and to make it takes longer than the answer."""
    any_sensitive = case((exists().where(SensitiveVisit.patient_id == PATIENT), true()), else_=false())
    who = aliased(Account)
    duty = select(who.duty_reason).where(who.id == ACCOUNT).scalar_subquery()
    return select(_closest(_ties(ACCOUNT, PATIENT, since=SINCE, now=NOW)), any_sensitive, duty)


def check(session: Session, by: Actor, patient_id: int) -> Tie:
    """The clinician's closest tie to the patient. Raises NotInCare without one."""
    found = tie(session, by.id, patient_id)
    if found is None:
        raise NotInCare(patient_id)
    return found


def in_care(account_id: int, patient_id: PatientId, among: Collection[int] | None = None) -> ColumnElement[bool]:
    """The condition that a patient is in the account's care; the patient may be named by a column.

    A column whose values are all `among` these is said so: a server may look up the visits of all of them at once, and
    else it may take everybody's.
    """
    visits = Visit.patient_id.in_(among) if among is not None else None
    return or_(*_ties(account_id, patient_id, visits).values())


def hidden_visits(session: Session, account_id: int, patient_id: int, *, despite_glass: bool = False) -> frozenset[int]:
    """The patient's sensitive visits that this clinician may not see.

    A clinician sees one who has a grant to it, has broken the glass, wrote the visit, held it, or marked it sensitive.
    `despite_glass`: a broken glass opens none, for acts that last longer than it does.
    """
    return frozenset(session.scalars(_hidden(despite_glass), _values(account_id, patient_id)))


@cache
def _hidden(despite_glass: bool) -> Select[Any]:
    granted = exists().where(SensitiveGrant.visit_id == SensitiveVisit.visit_id, SensitiveGrant.account_id == ACCOUNT)
    return select(SensitiveVisit.visit_id).where(
        SensitiveVisit.patient_id == PATIENT,
        not_(granted),
        true() if despite_glass else not_(_ties(ACCOUNT, PATIENT, since=SINCE, now=NOW)[Tie.GLASS]),
        SensitiveVisit.set_by != ACCOUNT,
        _is_not(SensitiveVisit.recorded_by, ACCOUNT),
        _is_not(SensitiveVisit.practitioner_id, _practitioner_of(ACCOUNT)),
    )


def _values(account_id: int, patient_id: int) -> dict[str, Any]:
    now = utc_now()
    return {ACCOUNT.key: account_id, PATIENT.key: patient_id, NOW.key: now, SINCE.key: now - _care_time()}


def _closest(ties: dict[Tie, ColumnElement[bool]]) -> ColumnElement[str | None]:
    return case(*((condition, kind.value) for kind, condition in ties.items()))


def _care_time() -> timedelta:
    return timedelta(days=databases.current().settings.care_days)


def _is_not(
    column: InstrumentedAttribute[int | None], other: AccountId | ScalarSelect[int | None]
) -> ColumnElement[bool]:
    """The condition that both differ; true also where one of them is NULL."""
    return case((column == other, 0), else_=1) == 1


def _practitioner_of(account_id: AccountId) -> ScalarSelect[int | None]:
    who = aliased(Account)
    return select(who.practitioner_id).where(who.id == account_id).scalar_subquery()


def _ties(
    account_id: AccountId,
    patient_id: PatientId,
    visits: ColumnElement[bool] | None = None,
    *,
    since: Instant | None = None,
    now: Instant | None = None,
) -> dict[Tie, ColumnElement[bool]]:
    now = utc_now() if now is None else now
    since = utc_now() - _care_time() if since is None else since
    who = aliased(Account)
    self_given = exists().where(
        VisitTie.visit_id == Visit.id, VisitTie.account_id == account_id, VisitTie.tie.not_in(GIVEN_BY_OTHERS)
    )
    return {
        Tie.TEAM: exists().where(CareTeamMember.account_id == account_id, CareTeamMember.patient_id == patient_id),
        # A booked visit has not begun: there is no later bound.
        Tie.VISIT: exists().where(
            Visit.patient_id == patient_id,
            true() if visits is None else visits,
            Visit.started_at > since,
            or_(Visit.practitioner_id == _practitioner_of(account_id), Visit.recorded_by == account_id),
            not_(self_given),
        ),
        Tie.DUTY: exists(who.id).where(who.id == account_id, who.covers_all),
        Tie.GLASS: exists().where(
            GlassBreak.account_id == account_id, GlassBreak.patient_id == patient_id, GlassBreak.expires_at > now
        ),
    }
