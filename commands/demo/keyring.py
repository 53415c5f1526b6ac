"""Which keys each process of the demo is given: its own kind's, and the public ones of the others."""

from __future__ import annotations

import base64

from commands.demo.demo_files import Keys
from core.install.database_roles import DatabaseRole
from core.sealing import signatures
from core.settings.parsing import PROCESS_KINDS

NONE = ""


def for_commands(keys: Keys) -> dict[str, str]:
    """What whoever runs commands as the owner has: what proves everything, and nothing that signs."""
    return {
        "STRATA_FIELD_KEYS": keys.field_key,
        "STRATA_STAGING_KEY": keys.staging_key,
        "STRATA_ATTACHMENTS_KEY": keys.attachments_key,
        "STRATA_EVENT_KEYS": ",".join(f"{kind}={keys.event_keys[kind]}" for kind in PROCESS_KINDS),
        "STRATA_AUDIT_PUBLIC_KEYS": _public(keys.audit_key),
        "STRATA_SIGNING_PUBLIC_KEYS": _public(keys.signing_key),
    }


def for_role(keys: Keys, role: DatabaseRole) -> dict[str, str]:
    """What a process has in the place of the owner's keys."""
    own = {"STRATA_EVENT_KEYS": f"{role.kind}={keys.event_keys[role.kind]}"}
    if role is DatabaseRole.STAFF:
        own["STRATA_SIGNING_KEY"] = keys.signing_key
    if role is DatabaseRole.WORKER:
        own["STRATA_AUDIT_KEY"] = keys.audit_key
    if role in (DatabaseRole.PUBLIC, DatabaseRole.STAFF):
        own["STRATA_STAGING_KEY"] = NONE
    else:
        own["STRATA_ATTACHMENTS_KEY"] = NONE
    return own


def _public(private: str) -> str:
    return base64.b64encode(signatures.public_of(signatures.key_bytes(private))).decode()
