"""A row that is entered in error may be written anew: the correction names the row in its place."""

import sqlalchemy as sa
from alembic import op

revision = "p0030"
down_revision = "p0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("correction", sa.Column("replaced_by_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("correction", "replaced_by_id")
