"""Each kept hash of a row names the version of the hashed columns that it was made by; those from before are of the first."""

import sqlalchemy as sa
from alembic import op

from core.migrations.columns import drop_column

revision = "p0017"
down_revision = "p0016"
branch_labels = None
depends_on = None

TABLES = ("evidence", "citation")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("hash_version", sa.BigInteger(), server_default="1", nullable=False))


def downgrade() -> None:
    for table in TABLES:
        drop_column(table, "hash_version")
