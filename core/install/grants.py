"""What each kind of process may do in the primary: least privilege, by table and row. `strata init` grants it anew.

Ids are the server's to give: a right to add or change rows is none to their ids, but for who brings archived rows back.

Each process signs in with a login of its own, which is a member of one of these roles. Only `strata init` needs the
owner's login. All roles can only append to the audit trail; the archiver alone deletes events, after it moved them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, exists, select

from core.engines.roles import Grants
from core.install.database_roles import DatabaseRole
from core.install.row_rights import ROW_RULES
from core.models import Base, ReportState
from core.models.record_types import RECORD_TYPES, REPORT
from core.stores.tables import OF_SIGNED, linked_table, signed_view

Privileges = tuple[str, ...]

READ: Privileges = ("SELECT",)
APPEND: Privileges = ("SELECT", "INSERT")
CHANGE: Privileges = ("SELECT", "INSERT", "UPDATE")
ALL: Privileges = ("SELECT", "INSERT", "UPDATE", "DELETE")


PEOPLE = ("patient", "clinic", "practitioner")
CLINICAL = (
    "visit", "note", "observation", "assay", "reference_range", "condition", "allergy", "prescription",
    "statement",
)  # fmt: skip
REPORTS = ("report", "evidence", "claim", "citation", "claim_check", "omission")
MADE = ("model_call", "report_event")
MOVES = ("archive_run", "batch", "step", "run_event", "holding", "restored_root")
WATCH = ("day_budget", "schedule_mark", "eval_run", "alert", "agent_setup", "signer_notice", "switch", "load_figure")
TIES = ("care_team_member", "sensitive_visit", "visit_tie", "sensitive_grant")

# By what an account proves itself, and what lets its person in.
PROOFS = ("credential", "recovery_code", "passkey", "sign_in")
SENT = "due_at, enqueued_at, enqueues, done_at"
# How a run goes on: paused, resumed, tried again. What it moves, and up to when, is said once, when it starts.
GOES_ON = "state, reason, throttle_reason, throttled_at, wakes_at, redriven_at, finished_at"
# What becomes of a report; whose it is, and what it replaces, is said once.
BECOMES = "state, reason, started_at, ready_at, closed_at, heartbeat_at, round, version"
DRAFTED = f"{BECOMES}, model, checker_model, prompt_version"
# By columns: a right to a whole table is one to lock it against everybody.
TRAIL: Mapping[str, Privileges] = {
    "access_event": APPEND, "chain_head": (*APPEND, "UPDATE (sequence, hash)"),
}  # fmt: skip

# What patients are told: that a row was corrected and when, not what it said before, who did it or why.
TOLD = "id, patient_id, visit_id, row_type, row_id, kind, in_force, replaced_by_id, at"

_PUBLIC: Mapping[str, Privileges] = {
    **dict.fromkeys((*PEOPLE, *CLINICAL, "patient_picture", "holding", "batch", "restored_root"), READ),
    **dict.fromkeys(("report", "claim", "citation", "signature"), READ),
    "correction": (f"SELECT ({TOLD})",),
    # That a visit is kept apart, which the patient's own copy says to whoever takes it in; not why.
    "sensitive_visit": ("SELECT (visit_id, patient_id)",),
    # When a visit was written, for what is new; not by whom, nor how that one was tied.
    "visit_tie": ("SELECT (visit_id, patient_id, recorded_at)",),
    "account": READ,
    **dict.fromkeys(PROOFS, ALL),
    "set_up_code": ("SELECT", "DELETE"),
    "last_look": CHANGE,
    **TRAIL,
}
_STAFF: Mapping[str, Privileges] = {
    **dict.fromkeys((*PEOPLE, *CLINICAL, *REPORTS, *TIES, "patient_picture", "imported_row"), ALL),
    **dict.fromkeys(WATCH, READ),
    # Whoever retries asks who asked anew.
    "report": ("SELECT", "INSERT", f"UPDATE ({BECOMES}, requested_by)", "DELETE"),
    # What has moved, and what an archive holds, is the archiver's to say: by it copies are taken away.
    "archive_run": (*APPEND, f"UPDATE ({GOES_ON})"),
    "batch": ("SELECT", "UPDATE (state, failed_step, reason)"),
    "run_event": APPEND,
    "step": READ,
    # These go with an erasure.
    **dict.fromkeys(("holding", "restored_root"), ("SELECT", "DELETE")),
    "correction": ("SELECT", "INSERT", "UPDATE (in_force)", "DELETE"),
    "glass_break": ("SELECT", "INSERT", "DELETE"),
    "model_call": ("SELECT", "DELETE"),
    "report_event": (*APPEND, "DELETE"),
    "last_look": ALL,
    "holding_sum": CHANGE,
    # Lines of a patient go with an erasure.
    "outlier_line": ("SELECT", "DELETE"),
    "switch": CHANGE,
    "signer_notice": ALL,
    # Whose an account is, and what, nobody changes.
    "account": ("SELECT", "INSERT", "UPDATE (active, covers_all, duty_reason, version)", "DELETE"),
    **dict.fromkeys(PROOFS, ALL),
    "set_up_code": ("SELECT", "INSERT", "DELETE"),
    "signature": ("SELECT", "INSERT", "DELETE"),
    "erasure": ("SELECT", "INSERT", "UPDATE (rows, hot_at)"),
    "outbox_message": APPEND,
    **TRAIL,
}
_WORKER: Mapping[str, Privileges] = {
    **dict.fromkeys(
        (
            *PEOPLE,
            *CLINICAL,
            *MOVES,
            *TIES,
            "glass_break",
            "correction",
            "patient_picture",
            "signature",
            "imported_row",
            "erasure",
            "holding_sum",
        ),
        READ,
    ),
    "model_call": CHANGE,
    "report_event": APPEND,
    **dict.fromkeys((*REPORTS, *WATCH), ALL),
    "account": READ,
    "sign_in": ("SELECT", "DELETE"),
    "kept_head_set": APPEND,
    "outlier_line": ("SELECT", "INSERT", "DELETE"),
    "report": ("SELECT", f"UPDATE ({DRAFTED})"),
    "outbox_message": (*APPEND, f"UPDATE ({SENT})", "DELETE"),
    **TRAIL,
}
_ARCHIVER: Mapping[str, Privileges] = {
    **dict.fromkeys((*PEOPLE, *CLINICAL, *REPORTS, *MADE, *MOVES, "signature", "imported_row"), ALL),
    **dict.fromkeys((*TIES, *WATCH, "glass_break", "correction"), READ),
    "account": READ,
    "holding_sum": CHANGE,
    "late_root": ("SELECT", "INSERT", "DELETE"),
    "patient_picture": ("SELECT", "UPDATE"),
    # How far it has come, never whose it is.
    "erasure": ("SELECT", "UPDATE (rows, archives_at, staged_at)"),
    "outbox_message": (*APPEND, f"UPDATE ({SENT})"),
    **TRAIL,
    "access_event": (*APPEND, "DELETE"),
}

TABLES: Mapping[str, Mapping[str, Privileges]] = {
    DatabaseRole.PUBLIC: _PUBLIC,
    DatabaseRole.STAFF: _STAFF,
    DatabaseRole.WORKER: _WORKER,
    DatabaseRole.ARCHIVER: _ARCHIVER,
}


def _signed(name: str) -> Select[Any]:
    """The archived rows that belong to signed reports."""
    rows, report = linked_table(name), linked_table("report").alias("of_report")
    if name == "report":
        return select(rows).where(rows.c.state == ReportState.SIGNED)
    return select(rows).where(exists().where(report.c.id == rows.c.report_id, report.c.state == ReportState.SIGNED))


GRANTS = Grants(
    tables=TABLES,
    # Of reports, the patients' portal reads the views of signed ones alone: a linked table has no rules of rows.
    not_cold={DatabaseRole.PUBLIC: frozenset({"access_event", *(table.name for table in REPORT.tables)})},
    views={DatabaseRole.PUBLIC: tuple((signed_view(name), _signed(name)) for name in OF_SIGNED)},
    row_rules=ROW_RULES,
    schema=Base.metadata,
    sees_sessions=(DatabaseRole.WORKER, DatabaseRole.ARCHIVER),
    makes_temporary=(DatabaseRole.ARCHIVER,),
    takes_locks=(DatabaseRole.STAFF, DatabaseRole.WORKER, DatabaseRole.ARCHIVER),
    brings_back={DatabaseRole.ARCHIVER: tuple(table for kind in RECORD_TYPES.values() for table in kind.tables)},
    # An archived row is written anew or taken away, never changed. The patients' portal reads archives by links alone.
    archived={
        DatabaseRole.STAFF: READ,
        DatabaseRole.WORKER: READ,
        DatabaseRole.ARCHIVER: ("SELECT", "INSERT", "DELETE"),
    },
)
