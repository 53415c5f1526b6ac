"""The keys of the trail: one for each kind of process that writes events, and the pair that signs kept heads.

A process is given its own alone; whoever verifies the trail needs the keys of all kinds, and the public key.
"""

from __future__ import annotations

from core.sealing import signatures
from core.settings.config import ConfigError
from core.settings.parsing import PROCESS_KINDS
from core.stores import databases


class AuditKeyMissing(ConfigError):
    """Heads can't be signed, or not be proved: the message names the setting to mend."""


def own(kind: str) -> bytes | None:
    """The newest key of this kind of process, or None where it was given none."""
    return next(iter(of_kind(kind)), None)


def of_kind(kind: str) -> tuple[bytes, ...]:
    """Every key that this process knows of a kind, the newest first."""
    return tuple(key for name, key in databases.current().settings.event_keys if name == kind)


def of_all() -> dict[str, tuple[bytes, ...]]:
    """The keys of every kind that this process knows any of."""
    return {kind: found for kind in PROCESS_KINDS if (found := of_kind(kind))}


def head_signer() -> bytes:
    """The private key that signs kept heads. Raises AuditKeyMissing."""
    key = databases.current().settings.audit_key
    if not key:
        raise AuditKeyMissing("STRATA_AUDIT_KEY is not set: make one with `openssl rand -base64 32`")
    return signatures.key_bytes(key)


def head_provers() -> tuple[bytes, ...]:
    """The public keys that prove kept heads, its own private key's first. Raises AuditKeyMissing."""
    settings = databases.current().settings
    own_public = (signatures.public_of(head_signer()),) if settings.audit_key else ()
    found = own_public + tuple(map(signatures.key_bytes, settings.audit_public_keys))
    if not found:
        raise AuditKeyMissing("STRATA_AUDIT_PUBLIC_KEYS is not set: kept heads can't be proved without it")
    return found
