"""Who started, paused, resumed and redrove an archive run; the patients under a legal hold, found at once."""

import sqlalchemy as sa
from alembic import op

revision = "p0006"
down_revision = "p0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["archive_run.id"], name=op.f("fk_run_event_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_event")),
    )
    op.create_index(op.f("ix_run_event_run_id"), "run_event", ["run_id"], unique=False)
    op.create_index(
        "ix_patient_legal_hold",
        "patient",
        ["id"],
        unique=False,
        postgresql_where=sa.column("legal_hold", sa.Boolean()) == sa.true(),
    )


def downgrade() -> None:
    op.drop_index("ix_patient_legal_hold", "patient")
    op.drop_table("run_event")
