"""What each kind of process may do in the primary: least privilege, by table. Each `strata init` grants it again.

Each process signs in with a login of its own, which is a member of one of these roles. Only `strata init` needs the
owner's login. All roles can only append to the audit trail; the archiver alone deletes events, after it moved them.
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
         "allergy", "prescription", "holding", "batch", "restored_root", "patient_picture"),
        READ,
    ),
    # Only signed reports, by row-level security.
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
    # Linked tables that only staff may read.
    not_cold={
        DatabaseRole.PUBLIC: frozenset(
            {"access_event", "claim_check", "omission", "evidence", "model_call", "report_event"}
        )
    },
    signed_only=("report", "claim", "citation", "signature"),
    restricted=DatabaseRole.PUBLIC,
    sees_sessions=(DatabaseRole.WORKER, DatabaseRole.ARCHIVER),
)
