"""Visits that are kept apart: who marks them, who is let in, and what becomes of drafts made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.access import care, permissions
from core.access.permissions import Actor, Right
from core.models import Account, CareTeamMember, Evidence, Report, SensitiveGrant, SensitiveVisit, Sensitivity
from core.picture import upkeep as picture
from core.queries.reports.kept_apart import hidden_refs
from core.services import reports
from core.services.care import check_lasting, colleague_of, reason_in_words
from core.services.reports.lifecycle import OPEN_STATES
from core.sources import find, references

MADE_FROM_HIDDEN = "It was drafted from a visit that is now kept apart: ask for a new one."


# Stands for an account where an import keeps apart what its source labels.
ANOTHER_SYSTEM = 0


class NoSuchVisit(LookupError):
    """The patient has no such visit."""


def keep_apart(session: Session, *, patient_id: int, visit_id: int, category: str | None, by: Actor) -> None:
    """Hide a visit from clinicians who are not on the team now, for a reason of Sensitivity; with None, show it again.

    Another reason for a visit that is kept apart already lets nobody in who was not let in before.

    Drafts that were made from the visit are withdrawn; a signed report stands.

    Raises PermissionDenied, NoSuchVisit, ValueError for an unknown category, ColdUnavailable when only a silent
    archive can tell whose visit it is.
    """
    permissions.check(by, Right.SENSITIVITY_SET)
    check_lasting(session, by, patient_id)
    if visit_id in care.hidden_visits(session, by.id, patient_id, despite_glass=True):
        raise care.NotInCare(patient_id, visit_id=visit_id)
    open_reports = _locked_drafts(session, patient_id)
    kept = session.get(SensitiveVisit, visit_id, with_for_update=True)
    if kept is not None and kept.patient_id != patient_id:
        raise NoSuchVisit
    if category is None:
        session.execute(delete(SensitiveVisit).where(SensitiveVisit.visit_id == visit_id))
        session.execute(delete(SensitiveGrant).where(SensitiveGrant.visit_id == visit_id))
    elif kept is not None:
        kept.category = Sensitivity(category)
        session.flush()
    else:
        _hide(session, patient_id, visit_id, category, by.id)
        _withdraw_drafts(session, open_reports, visit_id, by)
    if kept is not None or category is not None:
        picture.refresh_all(session, patient_id)
    verb = "kept_apart" if category is not None else "shared"
    # Without the category: the trail's readers read no record.
    audit.record(session, f"visit.{verb}", by=by, patient_id=patient_id, target=f"visit:{visit_id}")


def keep_as_labelled(session: Session, *, patient_id: int, visit_id: int, category: str) -> None:
    """Hide a visit that another system labels as for few, as `keep_apart` does; the caller brings the picture up to
    date. One that is hidden already stays as it is.
    """
    if session.get(SensitiveVisit, visit_id) is not None:
        return
    open_reports = _locked_drafts(session, patient_id)
    _hide(session, patient_id, visit_id, category, ANOTHER_SYSTEM)
    _withdraw_drafts(session, open_reports, visit_id, None)
    audit.record(session, "visit.kept_apart", by=None, patient_id=patient_id, target=f"visit:{visit_id}")


def _hide(session: Session, patient_id: int, visit_id: int, category: str, set_by: int) -> None:
    """Keep a visit for its author and the treatment team."""
    visit = _visit(session, patient_id, visit_id)
    session.add(
        SensitiveVisit(
            visit_id=visit_id,
            patient_id=patient_id,
            category=Sensitivity(category),
            practitioner_id=visit["practitioner_id"],
            recorded_by=visit["recorded_by"],
            set_by=set_by,
        )
    )
    session.flush()
    _let_team_see(session, patient_id, visit_id, set_by)


def let_see(session: Session, *, patient_id: int, visit_id: int, username: str, reason: str, by: Actor) -> Account:
    """Somebody who sees a sensitive visit lets another clinician see it; the patient can read why.

    Raises PermissionDenied, NoSuchVisit, NoSuchColleague, NotOneself, BadReason.
    """
    permissions.check(by, Right.SENSITIVITY_SET)
    check_lasting(session, by, patient_id)
    if visit_id in care.hidden_visits(session, by.id, patient_id, despite_glass=True):
        raise care.NotInCare(patient_id, visit_id=visit_id)
    kept = session.get(SensitiveVisit, visit_id)
    if kept is None or kept.patient_id != patient_id:
        raise NoSuchVisit
    colleague, words = colleague_of(session, username, by), reason_in_words(reason)
    _grant(session, kept, colleague.id, by.id)
    audit.record(
        session, "visit.let_see", by=by, patient_id=patient_id, target=f"visit:{visit_id} account:{colleague.id}",
        purpose=words,
    )  # fmt: skip
    return colleague


def _let_team_see(session: Session, patient_id: int, visit_id: int, by_id: int) -> None:
    kept = session.get_one(SensitiveVisit, visit_id)
    team = select(CareTeamMember.account_id).where(CareTeamMember.patient_id == patient_id)
    for account_id in session.scalars(team).all():
        _grant(session, kept, account_id, by_id)


def _grant(session: Session, kept: SensitiveVisit, account_id: int, by_id: int) -> None:
    if session.get(SensitiveGrant, (kept.visit_id, account_id)) is None:
        session.add(
            SensitiveGrant(
                visit_id=kept.visit_id, account_id=account_id, patient_id=kept.patient_id, granted_by=by_id
            )
        )  # fmt: skip
        session.flush()


def _visit(session: Session, patient_id: int, visit_id: int) -> Mapping[str, Any]:
    ref = references.row_ref("visit", visit_id)
    found = find.rows(session, [ref], with_errors=True).get(ref)
    if found is None or found.values["patient_id"] != patient_id:
        raise NoSuchVisit
    return found.values


def _locked_drafts(session: Session, patient_id: int) -> Sequence[int]:
    """Open reports; while they are locked, no worker keeps evidence that it collected before the visit was hidden."""
    query = select(Report.id).where(Report.patient_id == patient_id, Report.state.in_(OPEN_STATES))
    return session.scalars(query.order_by(Report.id).with_for_update()).all()


def _withdraw_drafts(session: Session, report_ids: Sequence[int], visit_id: int, by: Actor | None) -> None:
    for report_id in report_ids:
        supplied = session.scalars(select(Evidence.ref).where(Evidence.report_id == report_id)).all()
        if hidden_refs(session, supplied, {visit_id}):
            if by is None:
                reports.take_back(session, report_id=report_id, reason=MADE_FROM_HIDDEN)
            else:
                reports.withdraw(session, report_id=report_id, reason=MADE_FROM_HIDDEN, by=by)
