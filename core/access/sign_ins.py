"""Sign-ins: opened, found and ended. The sign_in table is the truth; copies in Redis save the look-up.

Only the SHA-256 of a token is ever stored.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from redis import Redis
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.access.distrust import distrust, is_trusted
from core.access.sign_in_copies import TRUST_SECONDS, AccountCopy, Copies, OpenSignIn
from core.engines import kept_json
from core.models import Account, SignIn, utc_now
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from core.stores.outage import UNREACHABLE, PrimarySilent, primary

log = logging.getLogger(__name__)

TOKEN_BYTES = 32
# Of one account in one portal. One more ends the oldest.
AT_ONCE_MAX = 20


def hash_of(token: str) -> str:
    """The key under which a token's sign-in is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class SignIns:
    """The sign-ins of one portal."""

    redis: Redis
    settings: Settings
    portal: str

    @property
    def _copies(self) -> Copies:
        return Copies(self.redis, self.settings, self.portal)

    def open(self, session: Session, account: Account, data: dict[str, Any]) -> str:
        """Begin a sign-in in the caller's transaction; returns its token."""
        token, now = secrets.token_urlsafe(TOKEN_BYTES), utc_now()
        self._make_room(session, account.id)
        session.add(
            SignIn(
                token_hash=hash_of(token),
                portal=self.portal,
                account_id=account.id,
                data=json.dumps(data),
                created_at=now,
                seen_at=now,
                expires_at=now + self.settings.session_absolute,
            )
        )
        return token

    def _make_room(self, session: Session, account_id: int) -> None:
        theirs = select(SignIn.token_hash).where(SignIn.account_id == account_id, SignIn.portal == self.portal)
        newest_first = theirs.order_by(SignIn.created_at.desc(), SignIn.token_hash)
        too_many = session.scalars(newest_first.offset(AT_ONCE_MAX - 1)).all()
        if too_many:
            session.execute(delete(SignIn).where(SignIn.token_hash.in_(too_many)))
            distrust(session, account_id)

    def find(self, token: str, *, is_use: bool = True) -> OpenSignIn | None:
        """The sign-in of a token, or None if there is none or it has ended.

        `is_use` keeps the sign-in alive. A page that polls passes False: nobody uses it.
        """
        token_hash, now = hash_of(token), utc_now()
        copy, ended = self._copies.get(token_hash)
        if ended:
            return None
        if copy is not None and is_trusted(copy, self.redis, now):
            return self._used(copy, now, is_use) if self._lives(copy, now) else None
        try:
            found = self._row_on_primary(token_hash, now)
        except UNREACHABLE:
            return self._find_without_primary(token_hash, copy, now)
        if found is None or not self._lives(found, now):
            self._copies.forget(token_hash)
            return None
        self._copies.keep(found)
        return self._used(found, now, is_use)

    def _used(self, sign_in: OpenSignIn, now: datetime, is_use: bool) -> OpenSignIn:
        if is_use and now - sign_in.seen_at >= timedelta(seconds=TRUST_SECONDS):
            self._touch(sign_in, now)
            sign_in = replace(sign_in, seen_at=now)
            self._copies.keep(sign_in)
        return sign_in

    def save(self, sign_in: OpenSignIn, data: dict[str, Any]) -> None:
        """Store changed session data. Raises SQLAlchemyError when the primary can't take it."""
        self.save_data(sign_in.token_hash, data)
        self._copies.keep(replace(sign_in, data=data))

    def save_data(self, token_hash: str, data: dict[str, Any]) -> None:
        """Store changed session data of a sign-in that has no copy yet. Raises as `save`."""
        with databases.write() as session:
            session.execute(update(SignIn).where(SignIn.token_hash == token_hash).values(data=json.dumps(data)))

    def end(self, token_hash: str) -> None:
        """End one sign-in, in Redis and in the table. Raises SQLAlchemyError when the primary can't take it."""
        self._copies.end(token_hash)
        with databases.write() as session:
            session.execute(delete(SignIn).where(SignIn.token_hash == token_hash))

    def end_all(self, session: Session, account_id: int, *, but: str | None = None, only: str | None = None) -> int:
        """End an account's sign-ins in the caller's transaction; returns how many were ended.

        The one with token hash `but` stays. With `only`, no other than the one with that token hash is ended.
        """
        theirs = [SignIn.account_id == account_id, SignIn.token_hash != (but or "")]
        if only is not None:
            theirs.append(SignIn.token_hash == only)
        ended = list(session.scalars(delete(SignIn).where(*theirs).returning(SignIn.token_hash)))
        distrust(session, account_id)
        return len(ended)

    def of_account(self, account_id: int) -> list[SignIn]:
        """An account's living sign-ins in this portal, the newest first, as the primary has them."""
        now = utc_now()
        query = select(SignIn).where(
            SignIn.account_id == account_id,
            SignIn.portal == self.portal,
            SignIn.expires_at > now,
            SignIn.seen_at > now - self.settings.session_idle,
        )
        with databases.read(Store.HOT) as session:
            return list(session.scalars(query.order_by(SignIn.created_at.desc(), SignIn.token_hash)))

    def _find_without_primary(self, token_hash: str, copy: OpenSignIn | None, now: datetime) -> OpenSignIn | None:
        if copy is None:
            try:
                copy = self._row(Store.REPLICA, token_hash, now)
            except UNREACHABLE:
                return None
        if copy is None or not self._lives(copy, now):
            return None
        self._copies.keep(replace(copy, seen_at=now))
        return copy

    def _row_on_primary(self, token_hash: str, now: datetime) -> OpenSignIn | None:
        if primary.refuses():
            raise PrimarySilent("the primary failed a moment ago")
        try:
            found = self._row(Store.HOT, token_hash, now)
        except UNREACHABLE:
            primary.failed()
            raise
        primary.answered()
        return found

    def _row(self, store: Store, token_hash: str, now: datetime) -> OpenSignIn | None:
        query = (
            select(SignIn, Account)
            .join(Account, Account.id == SignIn.account_id)
            .where(SignIn.token_hash == token_hash, SignIn.portal == self.portal)
        )
        with databases.read(store) as session:
            row = session.execute(query).one_or_none()
        if row is None:
            return None
        kept, account = row
        return OpenSignIn(
            token_hash=token_hash,
            account=AccountCopy.of(account),
            # Of what is no object nothing: whoever it was must sign in again.
            data=kept_json.read_object(kept.data),
            seen_at=kept.seen_at,
            expires_at=kept.expires_at,
            checked_at=now,
        )

    def _lives(self, sign_in: OpenSignIn, now: datetime) -> bool:
        idle = now - sign_in.seen_at
        return sign_in.account.active and now < sign_in.expires_at and idle < self.settings.session_idle

    def _touch(self, sign_in: OpenSignIn, now: datetime) -> None:
        try:
            with databases.write() as session:
                session.execute(update(SignIn).where(SignIn.token_hash == sign_in.token_hash).values(seen_at=now))
        except UNREACHABLE as fault:
            log.warning("a sign-in's last use was not kept: %s", type(fault).__name__)


def sweep(session: Session, settings: Settings) -> int:
    """Delete sign-ins that are over, in the caller's transaction; returns how many."""
    now = utc_now()
    over = (SignIn.expires_at < now) | (SignIn.seen_at < now - settings.session_idle)
    return len(list(session.scalars(delete(SignIn).where(over).returning(SignIn.token_hash))))
