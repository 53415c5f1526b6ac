"""Small chores that nobody waits for."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from core.access import sign_ins
from core.audit import spool
from core.models import OutboxMessage, utc_now
from core.stores import databases

KEEP_DONE_MESSAGES = timedelta(days=2)


def tidy() -> str:
    """Join spooled access events; forget sign-ins that have ended and outbox messages long done."""
    spool.join_waiting()
    now = utc_now()
    with databases.write() as session:
        sign_ins.sweep(session, databases.current().settings)
        session.execute(delete(OutboxMessage).where(OutboxMessage.done_at < now - KEEP_DONE_MESSAGES))
    return "tidied"
