"""What the fact-checker read in a claim moves with its check, to the archive of reports."""

import sqlalchemy as sa
from alembic import context, op

revision = "a0006"
down_revision = "a0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if context.config.attributes["store"] == "reports":
        known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("claim_check")}
        # A server that is new was made with it.
        if "said" not in known:
            op.add_column("claim_check", sa.Column("said", sa.Text(), nullable=True))


def downgrade() -> None:
    if context.config.attributes["store"] == "reports":
        op.drop_column("claim_check", "said")
