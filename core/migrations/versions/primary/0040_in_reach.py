"""Times, days and numbers of every table are what each process can read: one that is not would stop every reader.

The tables that the public portal writes have been kept so since p0028.
"""

from core.migrations import reach

revision = "p0040"
down_revision = "p0039"
branch_labels = None
depends_on = None

TIMES = {
    "account": ("created_at",),
    "agent_setup": ("changed_at",),
    "alert": ("fired_at", "cleared_at"),
    "allergy": ("recorded_on",),
    "archive_run": ("as_of", "cutoff_at", "throttled_at", "wakes_at", "started_at", "heartbeat_at", "redriven_at", "finished_at"),
    "batch": ("first_at", "last_at", "replayed_at", "expired_at", "updated_at"),
    "care_team_member": ("added_at",),
    "claim": ("decided_at",),
    "claim_check": ("checked_at",),
    "condition": ("onset_on", "resolved_on"),
    "correction": ("at",),
    "day_budget": ("day_on",),
    "erasure": ("requested_at", "hot_at", "archives_at", "staged_at"),
    "eval_run": ("ran_at",),
    "generation": ("as_of",),
    "glass_break": ("at", "expires_at"),
    "holding": ("first_at", "last_at"),
    "holding_sum": ("first_at", "last_at"),
    "kept_head_set": ("kept_at",),
    "last_look": ("looked_at", "before_at"),
    "load_figure": ("at",),
    "model_call": ("started_at", "ended_at"),
    "note": ("written_at",),
    "observation": ("observed_at",),
    "outlier_line": ("at",),
    "patient": ("birth_on", "deceased_on", "created_at"),
    "patient_picture": ("stale_at", "updated_at"),
    "prescription": ("started_on", "stopped_on"),
    "report": ("requested_at", "started_at", "ready_at", "closed_at", "heartbeat_at"),
    "report_event": ("at",),
    "restored_root": ("restored_at", "keep_until", "purged_at"),
    "run_event": ("at",),
    "schedule_mark": ("started_at",),
    "sensitive_grant": ("granted_at",),
    "sensitive_visit": ("set_at",),
    "set_up_code": ("made_at", "expires_at"),
    "signature": ("signed_at",),
    "signer_notice": ("sent_at", "answered_at"),
    "statement": ("stated_on",),
    "step": ("retry_at", "started_at", "finished_at"),
    "switch": ("changed_at",),
    "visit": ("started_at", "ended_at"),
    "visit_tie": ("recorded_at",),
}
NUMBERS = {
    "alert": ("value", "threshold"),
    "day_budget": ("reserved_usd", "spent_usd"),
    "load_figure": ("mean", "highest"),
    "model_call": ("reserved_usd", "cost_usd", "latency_seconds"),
    "observation": ("value_number", "ref_low", "ref_high"),
    "outlier_line": ("usual",),
    "reference_range": ("low", "high", "critical_low", "critical_high"),
}
TABLES = sorted({*TIMES, *NUMBERS})


def upgrade() -> None:
    for table in TABLES:
        reach.keep(table, times=TIMES.get(table, ()), numbers=NUMBERS.get(table, ()))


def downgrade() -> None:
    for table in TABLES:
        reach.let_go(table)
