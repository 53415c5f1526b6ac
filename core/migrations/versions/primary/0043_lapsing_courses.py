"""Medicines that tell when they lapse are found by an index: a job reads them each hour."""

import sqlalchemy as sa
from alembic import op

revision = "p0043"
down_revision = "p0042"
branch_labels = None
depends_on = None

STANDING = "status IN ('active', 'unknown')"


def upgrade() -> None:
    op.create_index(
        "ix_prescription_lapses",
        "prescription",
        ["id"],
        postgresql_where=sa.text(f"{STANDING} AND said LIKE '%\"lapses\":%'"),
        mssql_where=sa.text(STANDING),
    )


def downgrade() -> None:
    op.drop_index("ix_prescription_lapses", "prescription")
