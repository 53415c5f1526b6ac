"""How a visit's author was tied when writing it, and a grant for each who may see a sensitive visit.

Whoever is on a team now keeps seeing what that team kept apart. A visit that was written while its author had a broken
glass and no place on the team ties its author no longer.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0022"
down_revision = "p0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visit_tie",
        sa.Column("visit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("tie", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_visit_tie_patient_id_patient")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visit_tie")),
    )
    op.create_index(op.f("ix_visit_tie_patient_id"), "visit_tie", ["patient_id"])
    op.create_table(
        "sensitive_grant",
        sa.Column("visit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", sa.BigInteger(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sensitive_grant_account_id_account")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_sensitive_grant_patient_id_patient")),
        sa.PrimaryKeyConstraint("visit_id", "account_id", name=op.f("pk_sensitive_grant")),
    )
    op.create_index(op.f("ix_sensitive_grant_patient_id"), "sensitive_grant", ["patient_id"])
    op.execute(
        "INSERT INTO sensitive_grant (visit_id, account_id, patient_id, granted_by, granted_at)"
        " SELECT v.visit_id, m.account_id, v.patient_id, v.set_by, v.set_at"
        " FROM sensitive_visit v JOIN care_team_member m ON m.patient_id = v.patient_id"
    )
    op.execute(
        "INSERT INTO visit_tie (visit_id, patient_id, account_id, tie)"
        " SELECT v.id, v.patient_id, v.recorded_by, 'break-glass' FROM visit v"
        " WHERE EXISTS (SELECT 1 FROM glass_break g WHERE g.account_id = v.recorded_by AND g.patient_id = v.patient_id"
        " AND v.started_at <= g.expires_at)"
        " AND NOT EXISTS (SELECT 1 FROM care_team_member m"
        " WHERE m.account_id = v.recorded_by AND m.patient_id = v.patient_id)"
    )


def downgrade() -> None:
    op.drop_table("sensitive_grant")
    op.drop_table("visit_tie")
