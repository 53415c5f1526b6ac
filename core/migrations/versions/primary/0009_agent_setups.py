"""Which models and prompts are in use, on trial, or retired."""

import sqlalchemy as sa
from alembic import op

revision = "p0009"
down_revision = "p0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent_setup",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("drafter_model", sa.String(length=120), nullable=False),
        sa.Column("checker_model", sa.String(length=120), nullable=False),
        sa.Column("prompt_version", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_setup")),
        sa.UniqueConstraint(
            "drafter_model", "checker_model", "prompt_version", name=op.f("uq_agent_setup_drafter_model_checker_model_prompt_version")
        ),
    )
    op.create_index(
        "ix_agent_setup_place",
        "agent_setup",
        ["prompt_version", "state"],
        unique=True,
        postgresql_where=sa.text("state IN ('in use', 'canary')"),
    )


def downgrade() -> None:
    op.drop_table("agent_setup")
