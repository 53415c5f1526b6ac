"""JSON of archived rows is what each process can read, as on the primary."""

from alembic import context

from core.migrations import reach

revision = "a0008"
down_revision = "a0007"
branch_labels = None
depends_on = None

KINDS = {"evidence": {"fields": "object"}, "claim_check": {"reasons": "array"}}


def upgrade() -> None:
    if context.config.attributes["store"] == "reports":
        for table, kinds in KINDS.items():
            reach.keep_documents(table, **kinds)


def downgrade() -> None:
    if context.config.attributes["store"] == "reports":
        for table in KINDS:
            reach.let_documents_go(table)
