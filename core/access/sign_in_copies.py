"""One sign-in as a value, and the copies of sign-ins that a portal keeps in Redis, for speed.

A copy carries a MAC under the portal's secret key: whoever can write to Redis alone can make no copy that is believed.
While Redis is down there are no copies, and every sign-in is looked up in the table.
"""

from __future__ import annotations

import hmac
import json
import logging
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
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
        """From the copy in Redis. Raises ValueError for anything of another shape."""
        read: OpenSignIn = _SHAPE.validate_json(raw, strict=True)
        if None in (read.seen_at.tzinfo, read.expires_at.tzinfo, read.checked_at.tzinfo):
            raise ValueError("a time without a zone, which is none of ours")
        return read


_SHAPE = TypeAdapter(OpenSignIn)


@dataclass(frozen=True)
class Copies:
    """The copies of one portal; another portal does not find them."""

    redis: Redis
    settings: Settings
    portal: str

    def get(self, token_hash: str) -> tuple[OpenSignIn | None, bool]:
        """The copy of a sign-in or None, and whether the sign-in is known to have ended."""
        try:
            raw = self.redis.get(self.key_of(token_hash))
            return (self._believed(token_hash, str(raw)), False) if raw and raw != ENDED else (None, raw == ENDED)
        except (RedisError, ValueError):
            return None, False

    def keep(self, sign_in: OpenSignIn) -> None:
        """Keep a sign-in's copy for as long as the sign-in may be idle, unless it has ended meanwhile."""
        seconds, token_hash = int(self.settings.session_idle.total_seconds()), sign_in.token_hash
        said = sign_in.to_json()
        try:
            before = self.redis.set(
                self.key_of(token_hash), f"{self.mac_of(token_hash, said)} {said}", ex=seconds, get=True
            )
        except RedisError:
            return
        # A page that began before somebody signed out, and is slower than that.
        if before == ENDED:
            self.end(token_hash)

    def forget(self, token_hash: str) -> None:
        """Drop a sign-in's copy."""
        try:
            self.redis.delete(self.key_of(token_hash))
        except RedisError:
            return

    def end(self, token_hash: str) -> None:
        """Keep, in the copy's place, that the sign-in has ended."""
        seconds = int(self.settings.session_absolute.total_seconds())
        try:
            self.redis.set(self.key_of(token_hash), ENDED, ex=seconds)
        except RedisError:
            log.warning("Redis is down: an ended sign-in's copy lives for at most %s s", TRUST_SECONDS)

    def _believed(self, token_hash: str, raw: str) -> OpenSignIn | None:
        mac, _, said = raw.partition(" ")
        if not hmac.compare_digest(mac.encode(), self.mac_of(token_hash, said).encode()):
            log.warning("a sign-in's copy in Redis was not written by this portal: it is not believed")
            return None
        read = OpenSignIn.from_json(said)
        if read.token_hash != token_hash:
            raise ValueError("the copy of another sign-in")
        return read

    def mac_of(self, token_hash: str, said: str) -> str:
        return hmac.digest(
            self.settings.secret_key.encode(), f"{self.key_of(token_hash)} {said}".encode(), "sha256"
        ).hex()

    def key_of(self, token_hash: str) -> str:
        return f"sign_in:{self.portal}:{token_hash}"
