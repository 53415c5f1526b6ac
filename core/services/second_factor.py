"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for a lost app."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
from datetime import UTC, datetime

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core import audit
from core.access.distrust import distrust
from core.access.permissions import Actor
from core.access.sign_ins import hash_of
from core.metrics import counters
from core.models import Account, Credential, RecoveryCode, utc_now
from core.sealing import sealed
from core.services.made_up import made_up

log = logging.getLogger(__name__)

STEP_SECONDS = 30
# A clock may be off by this many steps.
WINDOW = 1
SECRET_BYTES = 20
# Random enough that a plain hash keeps them: below 112 bits it would have to be a slow one with salt.
CODES, GROUPS, GROUP_LENGTH = 10, 6, 4


class WrongCode(Exception):
    """The code is neither a code of the app nor an unused recovery code, or it was used before."""


class AlreadySetUp(Exception):
    """The account has an app that makes its codes: nobody puts another in its place unasked."""


def new_secret() -> str:
    """A secret for an authenticator app: 160 bits in base 32."""
    return pyotp.random_base32()


def secret_from(seed: str, key: str) -> str:
    """The secret that a seed stands for: without the key nobody who reads the seed can tell."""
    made = hmac.digest(key.encode(), f"strata secret of an app: {seed}".encode(), hashlib.sha256)
    return base64.b32encode(made[:SECRET_BYTES]).decode()


def address(secret: str, username: str, issuer: str) -> str:
    """The address (otpauth://) that an authenticator app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def enrol(session: Session, *, account_id: int, secret: str, code: str, by: Actor) -> tuple[str, ...]:
    """Ask for codes from now on, if `code` is right. Returns the recovery codes, which are shown only this once.

    Raises AlreadySetUp unless the account has no app yet, WrongCode, KeyMissing.
    """
    kept = _locked(session, account_id)
    if kept.totp_secret is not None:
        raise AlreadySetUp
    step = _step_of(secret, code)
    if step is None:
        raise WrongCode
    kept.totp_secret, kept.totp_step = sealed.seal(secret), step
    audit.record(session, "account.second_factor_set", by=by, target=f"account:{account_id}")
    return renew_recovery_codes(session, account_id=account_id, by=by)


def check(session: Session, *, account_id: int, code: str) -> None:
    """Accept a code of the app, or a recovery code, once. Raises WrongCode, KeyMissing."""
    # Which code was the last must be as the lock finds it.
    kept = _locked(session, account_id)
    typed = "".join(code.split()).lower()
    if kept.totp_secret and typed.isdigit():
        step = _step_of(_secret(kept.totp_secret), typed)
        if step is not None and step > (kept.totp_step or 0):
            kept.totp_step = step
            return
        raise WrongCode
    used = (
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.code_hash == hash_of(typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=utc_now())
        .returning(RecoveryCode.id)
    )
    if session.scalar(used) is None:
        raise WrongCode
    by = session.get_one(Account, account_id)
    audit.record(session, "account.recovery_code_used", by=by, target=f"account:{account_id}")


def _secret(kept: str) -> str:
    """The app's secret. Raises WrongCode for one that no key of ours sealed: no code is right then; KeyMissing."""
    try:
        return sealed.open_sealed(kept)
    except sealed.NotOpened:
        counters.unknown_word("sealed secret")
        log.warning("an app's secret is sealed by none of our keys")
        raise WrongCode from None


def is_on(session: Session, account_id: int) -> bool:
    """Whether the account is asked for codes."""
    kept = session.get(Credential, account_id)
    return kept is not None and kept.totp_secret is not None


def remove(session: Session, *, account_id: int, by: Actor) -> None:
    """Stop asking for codes."""
    kept = _locked(session, account_id)
    kept.totp_secret = kept.totp_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    distrust(session, account_id)
    audit.record(session, "account.second_factor_removed", by=by, target=f"account:{account_id}")


def renew_recovery_codes(session: Session, *, account_id: int, by: Actor) -> tuple[str, ...]:
    """New recovery codes of about 118 random bits, in place of all earlier ones; only their hashes are kept."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = tuple(made_up(GROUPS, GROUP_LENGTH) for _ in range(CODES))
    session.add_all(RecoveryCode(account_id=account_id, code_hash=hash_of(code)) for code in codes)
    audit.record(session, "account.recovery_codes_made", by=by, target=f"account:{account_id}")
    return codes


def recovery_codes_left(session: Session, account_id: int) -> int:
    """How many recovery codes have not been used."""
    left = (RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*left)) or 0


def _locked(session: Session, account_id: int) -> Credential:
    """What the account proves itself by. Raises WrongCode if it has not been set up."""
    kept = session.get(Credential, account_id, with_for_update=True, populate_existing=True)
    if kept is None:
        raise WrongCode
    return kept


def _step_of(secret: str, code: str) -> int | None:
    """The time step of the code, if it is near enough to now."""
    typed = "".join(code.split())
    totp, now = pyotp.TOTP(secret, interval=STEP_SECONDS), int(datetime.now(UTC).timestamp()) // STEP_SECONDS
    for step in range(now - WINDOW, now + WINDOW + 1):
        if secrets.compare_digest(totp.generate_otp(step).encode(), typed.encode()):
            return step
    return None
