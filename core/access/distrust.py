"""When a copy of a sign-in is believed: while it is young, and its account has not changed since it was made."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from redis import Redis, RedisError
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from core.access.sign_in_copies import TRUST_SECONDS, OpenSignIn
from core.models import Account, Role, utc_now
from core.stores import redis

log = logging.getLogger(__name__)

# Longer than any read can take that began before the account changed.
DISTRUST_SECONDS = 3_600


def distrust(session: Session, account_id: int) -> None:
    """Have every copy of an account's sign-ins looked up again, once the caller's transaction is committed.

    Call this in each transaction that changes what an account may do, or ends its sign-ins. While Redis is down there
    are no copies that could be believed.
    """

    key = _changed_key(session.scalars(select(Account.role).where(Account.id == account_id)).one(), account_id)

    def mark(_session: Session) -> None:
        try:
            redis.client().set(key, utc_now().isoformat(), ex=DISTRUST_SECONDS)
        except RedisError as fault:
            log.warning("an account's copies could not be distrusted: %s", type(fault).__name__)

    event.listen(session, "after_commit", mark, once=True)


def is_trusted(copy: OpenSignIn, kept_in: Redis, now: datetime) -> bool:
    """Whether a copy needs no look-up: it is young, and `distrust` did not mark its account after it was made."""
    if now - copy.checked_at >= timedelta(seconds=TRUST_SECONDS):
        return False
    try:
        changed = kept_in.get(_changed_key(copy.account.role, copy.account.id))
        return changed is None or copy.checked_at > datetime.fromisoformat(str(changed))
    except (RedisError, ValueError, TypeError):
        # Also a time without a zone, which is none of ours.
        return False


def _changed_key(role: str, account_id: int) -> str:
    """Under the name of the account's portal: the patients' portal can't change a mark of staff's."""
    return f"account_changed:{'public' if role == Role.PATIENT else 'staff'}:{account_id}"
