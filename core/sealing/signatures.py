"""Signatures by a private key (Ed25519), which whoever has the public one can prove and nobody else can make.

A signature is for one purpose: it proves nothing where another is asked for.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_BYTES = 32
SIGNATURE_CHARS = 88


def sign(private: bytes, purpose: str, content: bytes) -> str:
    """The signature as base64, SIGNATURE_CHARS long."""
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(private).sign(_message(purpose, content))).decode()


def holds(public: Iterable[bytes], purpose: str, content: bytes, signature: str) -> bool:
    """Whether one of these public keys, of 32 bytes each, proves the signature, as `sign` writes it."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    # Base64 has several texts for the same bytes.
    is_ours = base64.b64encode(raw).decode() == signature
    return is_ours and any(_proves(key, _message(purpose, content), raw) for key in public)


def public_of(private: bytes) -> bytes:
    """The public key of a private one: 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def key_bytes(text: str) -> bytes:
    """A key of 32 bytes, private or public, from its base64."""
    return base64.b64decode(text, altchars=b"-_")


def _proves(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _message(purpose: str, content: bytes) -> bytes:
    return f"strata {purpose}\0".encode() + content
