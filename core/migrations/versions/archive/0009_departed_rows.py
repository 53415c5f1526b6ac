"""Of rows that leave a sealed batch a hash stays, so that the others can still be held against what was sealed."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.mssql import VARBINARY

revision = "a0009"
down_revision = "a0008"
branch_labels = None
depends_on = None

SEALED = ("visits", "reports")


def upgrade() -> None:
    # A server that is new was made with it.
    if context.config.attributes["store"] in SEALED and not sa.inspect(op.get_bind()).has_table("departed_row"):
        op.create_table(
            "departed_row",
            sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.Column("table_name", sa.String(40), nullable=False),
            sa.Column("row_id", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.Column("kept", sa.LargeBinary().with_variant(VARBINARY(2_000), "mssql"), nullable=False),
            sa.PrimaryKeyConstraint("batch_id", "table_name", "row_id", name=op.f("pk_departed_row")),
        )


def downgrade() -> None:
    if context.config.attributes["store"] in SEALED:
        op.drop_table("departed_row")
