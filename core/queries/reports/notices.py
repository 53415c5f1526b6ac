"""What signers were asked to look at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import SignerNotice


@dataclass(frozen=True)
class NoticeView:
    """One notice; `answered_at` is None while it is open."""

    id: int
    report_id: int
    reason: str
    sent_at: datetime
    answered_at: datetime | None


def open_notices(session: Session, account_id: int) -> list[NoticeView]:
    """An account's open notices, the oldest first."""
    query = select(SignerNotice).where(SignerNotice.account_id == account_id, SignerNotice.answered_at.is_(None))
    return [
        NoticeView(row.id, row.report_id, row.reason, row.sent_at, row.answered_at)
        for row in session.scalars(query.order_by(SignerNotice.sent_at, SignerNotice.id))
    ]
