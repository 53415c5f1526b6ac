"""JSON of every table is what each process can read: of its kind, not too deep, without a number of endless digits."""

from core.migrations import reach

revision = "p0041"
down_revision = "p0040"
branch_labels = None
depends_on = None

KINDS = {
    "outbox_message": {"arguments": "object"},
    "evidence": {"fields": "object"},
    "claim_check": {"reasons": "array"},
    "eval_run": {"figures": "object"},
}


def upgrade() -> None:
    for table, kinds in KINDS.items():
        reach.keep_documents(table, **kinds)


def downgrade() -> None:
    for table in KINDS:
        reach.let_documents_go(table)
