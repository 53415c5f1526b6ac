"""Times, days and numbers of archived rows are what each process can read, as on the primary."""

from alembic import context

from core.migrations import reach

revision = "a0007"
down_revision = "a0006"
branch_labels = None
depends_on = None

# The times and days of a table, and its numbers.
KEPT: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "logs": {
        "access_event": (("at",), ()),
    },
    "visits": {
        "condition": (("onset_on", "resolved_on"), ()),
        "note": (("written_at",), ()),
        "observation": (("observed_at",), ("value_number", "ref_low", "ref_high")),
        "prescription": (("started_on", "stopped_on"), ()),
        "visit": (("started_at", "ended_at"), ()),
    },
    "reports": {
        "claim": (("decided_at",), ()),
        "claim_check": (("checked_at",), ()),
        "model_call": (("started_at", "ended_at"), ("reserved_usd", "cost_usd", "latency_seconds")),
        "report": (("requested_at", "started_at", "ready_at", "closed_at", "heartbeat_at"), ()),
        "report_event": (("at",), ()),
        "signature": (("signed_at",), ()),
    },
}


def upgrade() -> None:
    for table, (times, numbers) in KEPT[context.config.attributes["store"]].items():
        reach.keep(table, times=times, numbers=numbers)


def downgrade() -> None:
    for table in KEPT[context.config.attributes["store"]]:
        reach.let_go(table)
