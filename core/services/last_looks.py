"""When an account last looked at a record, kept as one small row for both."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.models import LastLook

# Looks of one sitting are one look.
SITTING = timedelta(minutes=30)
# A page that is opened again at once writes nothing.
STILL = timedelta(minutes=1)
LOOKS = frozenset({
    "chart.viewed", "history.viewed", "results.viewed", "history.read", "results.read", "record.read",
})  # fmt: skip


def note(session: Session, *, account_id: int, patient_id: int, now: datetime) -> None:
    """Keep that the account looks at the record now."""
    kept = session.get(LastLook, (account_id, patient_id))
    if kept is None:
        _begin(session, LastLook(account_id=account_id, patient_id=patient_id, looked_at=now))
    elif now - kept.looked_at > SITTING:
        kept.before_at, kept.looked_at = kept.looked_at, now
    elif now - kept.looked_at > STILL:
        kept.looked_at = now


def _begin(session: Session, look: LastLook) -> None:
    """Of two first looks at once, one is enough."""
    try:
        with session.begin_nested():
            session.add(look)
            session.flush()
    except IntegrityError:
        return
