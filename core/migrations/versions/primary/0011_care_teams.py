"""Treatment teams, duty cover, broken glasses and visits that are kept apart.

Clinicians so far saw every patient: they go on as if on duty, until an admin ends it.
"""

import sqlalchemy as sa
from alembic import op

from core.migrations.columns import drop_column

revision = "p0011"
down_revision = "p0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("covers_all", sa.Boolean(), server_default="false", nullable=False))
    account = sa.table("account", sa.column("covers_all", sa.Boolean()), sa.column("role", sa.String()))
    op.execute(sa.update(account).where(account.c.role == "clinician").values(covers_all=sa.true()))
    op.create_table(
        "care_team_member",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_care_team_member_account_id_account")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_care_team_member_patient_id_patient")),
        sa.PrimaryKeyConstraint("patient_id", "account_id", name=op.f("pk_care_team_member")),
    )
    op.create_index(op.f("ix_care_team_member_account_id"), "care_team_member", ["account_id"])
    op.create_table(
        "glass_break",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_glass_break_account_id_account")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_glass_break_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_glass_break")),
    )
    op.create_index(op.f("ix_glass_break_patient_id"), "glass_break", ["patient_id"])
    op.create_index("ix_glass_break_account", "glass_break", ["account_id", "patient_id", "expires_at"])
    op.create_table(
        "sensitive_visit",
        sa.Column("visit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("set_by", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_sensitive_visit_patient_id_patient")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_sensitive_visit")),
    )
    op.create_index(op.f("ix_sensitive_visit_patient_id"), "sensitive_visit", ["patient_id"])


def downgrade() -> None:
    op.drop_table("sensitive_visit")
    op.drop_table("glass_break")
    op.drop_table("care_team_member")
    drop_column("account", "covers_all")
