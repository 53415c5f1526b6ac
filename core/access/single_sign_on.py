"""Single sign-on (OpenID Connect, code flow with PKCE): an identity provider says which person has signed in there.

What that person may do here depends on the person's account here. The provider's rules for passwords and second
factors replace ours, so STRATA_OIDC_ACR should name the level at which the provider asks for a second factor.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from core.settings.config import Settings

SCOPE = "openid profile email"
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
TIMEOUT_SECONDS = 5.0
REMEMBERED_SECONDS = 600
LEEWAY_SECONDS = 60
# Faults that make an answer useless, whether the provider, the network or the browser caused them.
UNUSABLE = (httpx.HTTPError, AuthlibBaseError, JoseError, ValueError, KeyError, TypeError)


class SignOnFailed(Exception):
    """The provider does not answer, or its answer proves nothing. The message is for logs and quotes nothing."""


@dataclass(frozen=True)
class Provider:
    """The identity provider, and how this product is known there."""

    issuer: str
    client_id: str
    client_secret: str
    claim: str
    acr: str

    @classmethod
    def of(cls, settings: Settings) -> Provider | None:
        """The provider that the settings name, or None."""
        if not settings.oidc_issuer:
            return None
        return cls(
            settings.oidc_issuer.rstrip("/"), settings.oidc_client_id, settings.oidc_client_secret,
            settings.oidc_claim, settings.oidc_acr,
        )  # fmt: skip


@dataclass(frozen=True)
class Begun:
    """What the browser's session must remember until the provider sends it back."""

    state: str
    nonce: str
    verifier: str


_found: dict[str, tuple[float, Mapping[str, Any]]] = {}


def forget() -> None:
    """Forget what the providers have said of themselves."""
    _found.clear()


_lock = threading.Lock()


def begin(provider: Provider, back: str) -> tuple[str, Begun]:
    """The address to send the browser to, and what to remember; the browser returns to `back`. Raises SignOnFailed."""
    begun = Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
    level = {"acr_values": provider.acr} if provider.acr else {}
    try:
        with _client(provider, back) as client:
            address, _ = client.create_authorization_url(
                _endpoint(provider, "authorization_endpoint"), state=begun.state, nonce=begun.nonce,
                code_verifier=begun.verifier, **level,
            )  # fmt: skip
    except UNUSABLE as fault:
        raise SignOnFailed(type(fault).__name__) from None
    return str(address), begun


def finish(provider: Provider, begun: Begun, back: str, answer: Mapping[str, str]) -> str:
    """The user name of who signed in; `answer` is the query that the browser returned with. Raises SignOnFailed."""
    if not secrets.compare_digest(answer.get("state", "").encode(), begun.state.encode()) or not answer.get("code"):
        raise SignOnFailed("another state, or no code")
    if answer.get("iss", provider.issuer) != provider.issuer:
        raise SignOnFailed("another issuer")
    try:
        with _client(provider, back) as client:
            token = client.fetch_token(
                _endpoint(provider, "token_endpoint"), code=answer["code"], code_verifier=begun.verifier
            )
        keys = httpx.get(_endpoint(provider, "jwks_uri"), timeout=TIMEOUT_SECONDS).raise_for_status().json()
        claims = jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims
        _rules(provider, begun).validate(claims)
        return str(claims[provider.claim])
    except UNUSABLE as fault:
        raise SignOnFailed(type(fault).__name__) from None


def _rules(provider: Provider, begun: Begun) -> jwt.JWTClaimsRegistry:
    level: dict[str, Any] = {"acr": {"essential": True, "value": provider.acr}} if provider.acr else {}
    return jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": begun.nonce},
        **level,
    )


def _client(provider: Provider, back: str) -> OAuth2Client:
    return OAuth2Client(
        provider.client_id, provider.client_secret, scope=SCOPE, redirect_uri=back, code_challenge_method="S256",
        timeout=TIMEOUT_SECONDS,
    )  # fmt: skip


def _endpoint(provider: Provider, name: str) -> str:
    """An address from the provider's metadata, which is read again after REMEMBERED_SECONDS."""
    with _lock:
        at, known = _found.get(provider.issuer, (0.0, {}))
        if time.monotonic() - at > REMEMBERED_SECONDS or not known:
            where = f"{provider.issuer}/.well-known/openid-configuration"
            known = httpx.get(where, timeout=TIMEOUT_SECONDS).raise_for_status().json()
            if known["issuer"].rstrip("/") != provider.issuer:
                raise ValueError("another issuer")
            _found[provider.issuer] = (time.monotonic(), known)
    return str(known[name])
