"""The version of the hashed columns, beside each archived hash of a row; those from before are of the first."""

import sqlalchemy as sa
from alembic import context, op

revision = "a0002"
down_revision = "a0001"
branch_labels = None
depends_on = None

TABLES = ("evidence", "citation")


def upgrade() -> None:
    if context.config.attributes["store"] != "reports":
        return
    inspector = sa.inspect(op.get_bind())
    for table in TABLES:
        # On a new server a0001 has made the tables as they are now.
        if "hash_version" not in {column["name"] for column in inspector.get_columns(table)}:
            op.add_column(table, sa.Column("hash_version", sa.BigInteger(), server_default="1", nullable=False))
            # Only the rows that are there need it: a copy has what its original had.
            op.alter_column(table, "hash_version", existing_type=sa.BigInteger(), server_default=None)


def downgrade() -> None:
    if context.config.attributes["store"] == "reports":
        for table in TABLES:
            op.drop_column(table, "hash_version")
