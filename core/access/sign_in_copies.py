"""One sign-in as a value, and the copies of sign-ins that a portal keeps in Redis, for speed.

While Redis is down there are no copies, and every sign-in is looked up in the table.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from redis import Redis, RedisError

from core.models import Account
from core.settings.config import Settings

log = logging.getLogger(__name__)

# A copy is believed for this long, then looked up again.
TRUST_SECONDS = 60
ENDED = "ended"


@dataclass(frozen=True)
class AccountCopy:
    """What a request needs to know of the account that made it; serves as an Actor."""

    id: int
    username: str
    role: str
    name: str
    active: bool
    patient_id: int | None
    practitioner_id: int | None

    @classmethod
    def of(cls, account: Account) -> AccountCopy:
        """The copy of an account's row."""
        return cls(
            id=account.id,
            username=account.username,
            role=account.role,
            name=account.name,
            active=account.active,
            patient_id=account.patient_id,
            practitioner_id=account.practitioner_id,
        )


@dataclass(frozen=True)
class OpenSignIn:
    """One sign-in, as of `checked_at`."""

    token_hash: str
    account: AccountCopy
    data: dict[str, Any]
    seen_at: datetime
    expires_at: datetime
    checked_at: datetime

    def to_json(self) -> str:
        """For the copy in Redis."""
        return json.dumps(asdict(self), default=datetime.isoformat)

    @classmethod
    def from_json(cls, raw: str) -> OpenSignIn:
        """From the copy in Redis."""
        values = json.loads(raw)
        times = {name: datetime.fromisoformat(values[name]) for name in ("seen_at", "expires_at", "checked_at")}
        return cls(**{**values, **times, "account": AccountCopy(**values["account"])})


@dataclass(frozen=True)
class Copies:
    """The copies of one portal; another portal does not find them."""

    redis: Redis
    settings: Settings
    portal: str

    def get(self, token_hash: str) -> tuple[OpenSignIn | None, bool]:
        """The copy of a sign-in or None, and whether the sign-in is known to have ended."""
        try:
            raw = self.redis.get(self._key(token_hash))
            return (OpenSignIn.from_json(str(raw)), False) if raw and raw != ENDED else (None, raw == ENDED)
        except (RedisError, ValueError, TypeError, KeyError):
            return None, False

    def keep(self, sign_in: OpenSignIn) -> None:
        """Keep a sign-in's copy for as long as the sign-in may be idle."""
        seconds = int(self.settings.session_idle.total_seconds())
        try:
            self.redis.set(self._key(sign_in.token_hash), sign_in.to_json(), ex=seconds)
        except RedisError:
            return

    def forget(self, token_hash: str) -> None:
        """Drop a sign-in's copy."""
        try:
            self.redis.delete(self._key(token_hash))
        except RedisError:
            return

    def end(self, token_hash: str) -> None:
        """Keep, in the copy's place, that the sign-in has ended."""
        seconds = int(self.settings.session_absolute.total_seconds())
        try:
            self.redis.set(self._key(token_hash), ENDED, ex=seconds)
        except RedisError:
            log.warning("Redis is down: an ended sign-in's copy lives for at most %s s", TRUST_SECONDS)

    def _key(self, token_hash: str) -> str:
        return f"sign_in:{self.portal}:{token_hash}"
