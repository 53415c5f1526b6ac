"""What the fact-checker, as reader, takes a claim to say is kept with its check."""

import sqlalchemy as sa
from alembic import op

revision = "p0029"
down_revision = "p0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("claim_check", sa.Column("said", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("claim_check", "said")
