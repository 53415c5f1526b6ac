"""Asking signers to look again at what they signed, and their answers."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.access import permissions
from core.access.permissions import Actor, Right
from core.models import SignerNotice, utc_now

REASON_LENGTH_MAX = 400


class BadNotice(ValueError):
    """The notice can't be sent like that; the message says what to mend."""


class NoSuchNotice(LookupError):
    """This account has no open notice with this id."""


def notify_signers(
    session: Session, signed: Iterable[tuple[int, int, int]], *, reason: str, by: Actor | None
) -> list[SignerNotice]:
    """Ask each signer to look again, once until the signer answers. `signed` holds (report, patient, signer's account).

    `by` is None for the command. Raises BadNotice, PermissionDenied.
    """
    if by is not None:
        permissions.check(by, Right.REPORTS_HALT)
    said = " ".join(reason.split())
    if not said or len(said) > REASON_LENGTH_MAX:
        raise BadNotice(f"Say why, in at most {REASON_LENGTH_MAX} characters and without clinical content.")
    asked = []
    for report_id, patient_id, account_id in sorted(set(signed)):
        if _open(session, report_id, account_id) is not None:
            continue
        notice = SignerNotice(report_id=report_id, account_id=account_id, reason=said)
        session.add(notice)
        target = f"report:{report_id}"
        audit.record(session, "report.signer_notified", by=by, patient_id=patient_id, target=target, purpose=said)
        asked.append(notice)
    return asked


def answer_notice(session: Session, *, notice_id: int, by: Actor) -> SignerNotice:
    """The signer has looked again. Raises PermissionDenied, NoSuchNotice."""
    permissions.check(by, Right.REPORT_REVIEW)
    notice = session.get(SignerNotice, notice_id, with_for_update=True)
    if notice is None or notice.account_id != by.id or notice.answered_at is not None:
        raise NoSuchNotice(f"there is no open notice {notice_id} of this account")
    notice.answered_at = utc_now()
    audit.record(session, "report.notice_answered", by=by, target=f"report:{notice.report_id}")
    return notice


def _open(session: Session, report_id: int, account_id: int) -> SignerNotice | None:
    query = select(SignerNotice).where(
        SignerNotice.report_id == report_id,
        SignerNotice.account_id == account_id,
        SignerNotice.answered_at.is_(None),
    )
    return session.scalar(query.with_for_update())
