"""What each kind of process may do in the primary: least privilege, by table. `strata init` grants it, every time anew.

A process signs in with a login of its own that is a member of one of these roles; no process but `strata init` needs
the owner's. The audit trail is append-only for all of them: only the archiver deletes events, which it has moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from core.engines.roles import Grants
from core.models import Base


class DatabaseRole(StrEnum):
    """A role without a login of its own."""

    PUBLIC = "strata_public"
    STAFF = "strata_staff"
    WORKER = "strata_worker"
    ARCHIVER = "strata_archiver"


Privileges = tuple[str, ...]

READ: Privileges = ("SELECT",)
APPEND: Privileges = ("SELECT", "INSERT")
ALL: Privileges = ("SELECT", "INSERT", "UPDATE", "DELETE")

_TABLES = tuple(Base.metadata.tables)
_EVERYTHING = dict.fromkeys(_TABLES, ALL) | {"access_event": APPEND}

OWN_ACCOUNT = "password_hash, password_changed_at, totp_secret, totp_step, version"
_PUBLIC = {
    **dict.fromkeys(
        ("patient", "clinic", "practitioner", "visit", "note", "observation", "assay", "reference_range", "condition",
         "allergy", "prescription", "holding", "batch", "restored_root"),
        READ,
    ),
    # Signed ones only, by row-level security.
    **dict.fromkeys(("report", "claim", "citation", "signature"), READ),
    "account": ("SELECT", f"UPDATE ({OWN_ACCOUNT})"),
    "recovery_code": ALL,
    "passkey": ALL,
    "sign_in": ALL,
    "access_event": APPEND,
    "chain_head": ("SELECT", "INSERT", "UPDATE"),
}  # fmt: skip

_NOT_A_WORKERS = ("account", "recovery_code", "passkey", "care_team_member")

TABLES: Mapping[str, Mapping[str, Privileges]] = {
    DatabaseRole.PUBLIC: _PUBLIC,
    DatabaseRole.STAFF: _EVERYTHING,
    DatabaseRole.WORKER: _EVERYTHING | dict.fromkeys(_NOT_A_WORKERS, READ),
    DatabaseRole.ARCHIVER: _EVERYTHING | {"access_event": (*APPEND, "DELETE")},
}

GRANTS = Grants(
    tables=TABLES,
    # What the linked tables hold for staff alone.
    not_cold={
        DatabaseRole.PUBLIC: frozenset(
            {"access_event", "claim_check", "omission", "evidence", "model_call", "report_event"}
        )
    },
    signed_only=("report", "claim", "citation", "signature"),
    restricted=DatabaseRole.PUBLIC,
    sees_sessions=(DatabaseRole.WORKER, DatabaseRole.ARCHIVER),
)
