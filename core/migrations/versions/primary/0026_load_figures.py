"""How busy and full each machine and server was, in spans of a minute, an hour and a day."""

import sqlalchemy as sa
from alembic import op

revision = "p0026"
down_revision = "p0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "load_figure",
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("span", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("samples", sa.BigInteger(), nullable=False),
        sa.Column("mean", sa.Float(), nullable=False),
        sa.Column("highest", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("source", "name", "span", "at", name=op.f("pk_load_figure")),
    )
    op.create_index("ix_load_figure_span_at", "load_figure", ["span", "at"])


def downgrade() -> None:
    op.drop_table("load_figure")
