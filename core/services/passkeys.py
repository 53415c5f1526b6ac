"""Passkeys (WebAuthn level 2): a key on a device, unlocked by its owner, signs in without password or code.

The device verifies its owner (PIN, finger or face), so one passkey is two factors. A key answers only to the portal's
host name: an answer that it gives to a page of another name is worth nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import webauthn
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from core import audit
from core.access.permissions import Actor
from core.models import Account, Credential, Passkey, utc_now

PASSKEYS_MAX = 10
REPLY_CHARS_MAX = 20_000


class PasskeyRefused(Exception):
    """The device's reply proves nothing here: wrong key, challenge, host name, or its owner was not verified."""


@dataclass(frozen=True)
class Site:
    """Where a passkey is valid: the host name, the portal's origin, and its title."""

    host: str
    origin: str
    title: str


def registration_options(site: Site, account: Account, others: list[Passkey], challenge: bytes) -> str:
    """What the browser asks a device to make a new key, as JSON. A device that has a key already makes none."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.title,
        user_name=account.username,
        user_display_name=account.name,
        user_id=str(account.id).encode(),
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(one.credential_id)) for one in others],
    )
    return webauthn.options_to_json(options)


def sign_in_options(site: Site, challenge: bytes) -> str:
    """What the browser asks any device for, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return webauthn.options_to_json(options)


def register(
    session: Session, *, account_id: int, reply: str, challenge: bytes, site: Site, name: str, by: Actor
) -> Passkey:
    """Keep a device's new key for an account. Raises PasskeyRefused."""
    session.get(Credential, account_id, with_for_update=True)
    if len(of_account(session, account_id)) >= PASSKEYS_MAX:
        raise PasskeyRefused("too many")
    try:
        proved = webauthn.verify_registration_response(
            credential=_reply(reply),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as fault:
        raise PasskeyRefused(type(fault).__name__) from None
    credential_id = bytes_to_base64url(proved.credential_id)
    if session.scalar(select(Passkey.id).where(Passkey.credential_id == credential_id)) is not None:
        raise PasskeyRefused("known")
    passkey = Passkey(
        account_id=account_id,
        credential_id=credential_id,
        public_key=bytes_to_base64url(proved.credential_public_key),
        sign_count=proved.sign_count,
        name=" ".join(name.split())[:80] or "Passkey",
    )
    session.add(passkey)
    session.flush()
    audit.record(session, "account.passkey_added", by=by, target=f"account:{account_id}")
    return passkey


def check(session: Session, *, reply: str, challenge: bytes, asked_at: datetime, site: Site) -> Account:
    """The account whose key signed this challenge of `asked_at`; a challenge is valid once. Raises PasskeyRefused.

    The caller must check whether the account may sign in here.
    """
    read = _reply(reply)
    query = select(Passkey).where(Passkey.credential_id == str(read.get("id", ""))).with_for_update()
    passkey = session.scalar(query)
    if passkey is None or (passkey.used_at is not None and asked_at <= passkey.used_at):
        raise PasskeyRefused("unknown or used")
    try:
        proved = webauthn.verify_authentication_response(
            credential=read,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as fault:
        raise PasskeyRefused(type(fault).__name__) from None
    passkey.sign_count, passkey.used_at = proved.new_sign_count, utc_now()
    return session.get_one(Account, passkey.account_id)


def of_account(session: Session, account_id: int) -> list[Passkey]:
    """An account's passkeys, the oldest first."""
    return list(session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)))


def remove(session: Session, *, account_id: int, passkey_id: int, by: Actor) -> bool:
    """Remove one of the account's own passkeys; False if the account has none with this id."""
    mine = delete(Passkey).where(Passkey.id == passkey_id, Passkey.account_id == account_id)
    if session.scalar(mine.returning(Passkey.id)) is None:
        return False
    audit.record(session, "account.passkey_removed", by=by, target=f"account:{account_id}")
    return True


def keep_only(session: Session, *, account_id: int, kept: Collection[int], by: Actor) -> int:
    """Remove the account's passkeys but those with ids in `kept`; returns how many were removed."""
    others = [passkey.id for passkey in of_account(session, account_id) if passkey.id not in kept]
    for passkey_id in others:
        remove(session, account_id=account_id, passkey_id=passkey_id, by=by)
    return len(others)


def _reply(text: str) -> dict[str, Any]:
    if len(text) > REPLY_CHARS_MAX:
        raise PasskeyRefused("too long")
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise PasskeyRefused("not JSON") from None
    if not isinstance(read, dict):
        raise PasskeyRefused("no object")
    return read
