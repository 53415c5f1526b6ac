"""When each account last looked at a record: its access event leaves the primary after some days."""

import sqlalchemy as sa
from alembic import op

revision = "p0031"
down_revision = "p0030"
branch_labels = None
depends_on = None

LOOKS = (
    "'chart.viewed', 'history.viewed', 'visits.viewed', 'results.viewed', 'history.read', 'visits.read',"
    " 'results.read', 'record.read'"
)


def upgrade() -> None:
    op.create_table(
        "last_look",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_last_look_account_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_last_look_patient_id")),
        sa.PrimaryKeyConstraint("account_id", "patient_id", name=op.f("pk_last_look")),
    )
    op.create_index(op.f("ix_last_look_patient_id"), "last_look", ["patient_id"])
    # Those that the primary still knows.
    op.execute(
        "INSERT INTO last_look (account_id, patient_id, looked_at)"
        " SELECT e.account_id, e.patient_id, max(e.at) FROM access_event e"
        " JOIN account a ON a.id = e.account_id JOIN patient p ON p.id = e.patient_id"
        f" WHERE e.action IN ({LOOKS}) AND e.outcome = 'allow' GROUP BY e.account_id, e.patient_id"
    )


def downgrade() -> None:
    op.drop_table("last_look")
