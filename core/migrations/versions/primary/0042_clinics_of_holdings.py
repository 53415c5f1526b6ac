"""What an archive holds of a patient tells the clinic of the newest visit in it: a printed page names it."""

import sqlalchemy as sa
from alembic import op

revision = "p0042"
down_revision = "p0041"
branch_labels = None
depends_on = None

COLUMNS = ("clinic_id", "clinic_visit_id")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("holding", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("holding", name)
