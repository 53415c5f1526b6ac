"""What other systems say beyond our columns, in the archive of visits; a medicine's first day may be unknown."""

import sqlalchemy as sa
from alembic import context, op

from core.migrations.columns import make_nullable

revision = "a0004"
down_revision = "a0003"
branch_labels = None
depends_on = None

TABLES = ("visit", "note", "observation", "condition", "prescription")


def upgrade() -> None:
    if context.config.attributes["store"] != "visits":
        return
    inspector = sa.inspect(op.get_bind())
    for table in TABLES:
        # On a new server a0001 has made the tables as they are now.
        if "said" not in {column["name"] for column in inspector.get_columns(table)}:
            op.add_column(table, sa.Column("said", sa.Text(), nullable=True))
    make_nullable("prescription", "started_on", sa.Date())


def downgrade() -> None:
    if context.config.attributes["store"] == "visits":
        op.alter_column("prescription", "started_on", existing_type=sa.Date(), nullable=False)
        for table in TABLES:
            op.drop_column(table, "said")
