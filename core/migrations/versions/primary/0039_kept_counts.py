"""What all holdings come to, and what stands out in the trail, are kept as few rows: pages do not count them."""

import sqlalchemy as sa
from alembic import op

revision = "p0039"
down_revision = "p0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holding_sum",
        sa.Column("record_type", sa.String(length=64), nullable=False),
        sa.Column("part", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("roots", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("record_type", "part", name=op.f("pk_holding_sum")),
    )
    op.create_table(
        "outlier_line",
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("rank", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("usual", sa.Float(), nullable=True),
        sa.Column("shared", sa.String(length=400), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "rank", name=op.f("pk_outlier_line")),
    )
    op.create_index("ix_outlier_line_patient_id", "outlier_line", ["patient_id"])
    op.create_index("ix_glass_break_at", "glass_break", ["at", "id"])
    held = sa.table("holding", *map(sa.column, ("record_type", "roots", "rows", "first_at", "last_at")))
    sums = sa.select(
        held.c.record_type, sa.literal_column("0"), sa.func.sum(held.c.roots), sa.func.sum(held.c.rows),
        sa.func.min(held.c.first_at), sa.func.max(held.c.last_at),
    ).group_by(held.c.record_type)  # fmt: skip
    names = ("record_type", "part", "roots", "rows", "first_at", "last_at")
    op.execute(sa.insert(sa.table("holding_sum", *map(sa.column, names))).from_select(names, sums))


def downgrade() -> None:
    op.drop_index("ix_glass_break_at", "glass_break")
    op.drop_table("outlier_line")
    op.drop_table("holding_sum")
