"""Small chores that nobody waits for."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from core import db
from core.models import OutboxMessage, SignIn, utc_now

KEEP_DONE_MESSAGES = timedelta(days=2)


def tidy() -> str:
    """Forget sign-ins that have ended and outbox messages long done."""
    now = utc_now()
    with db.write() as session:
        session.execute(delete(SignIn).where(SignIn.expires_at < now))
        session.execute(delete(OutboxMessage).where(OutboxMessage.done_at < now - KEEP_DONE_MESSAGES))
    return "tidied"
