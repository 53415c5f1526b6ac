"""Model calls by time: budgets of a day, and the newest calls of an endpoint, are found at once."""

from alembic import op

revision = "p0008"
down_revision = "p0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_model_call_started", "model_call", ["started_at"], unique=False)
    op.create_index("ix_model_call_ended", "model_call", ["ended_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_model_call_ended", "model_call")
    op.drop_index("ix_model_call_started", "model_call")
