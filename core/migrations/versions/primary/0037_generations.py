"""A made-up population that is not whole yet, and its parts that are loaded. Accounts are found by role and name."""

import sqlalchemy as sa
from alembic import op

from core.migrations.columns import add_folded_name

revision = "p0037"
down_revision = "p0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "generation",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("asked", sa.String(length=200), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generation")),
    )
    op.create_table(
        "generation_part",
        sa.Column("generation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["generation_id"], ["generation.id"], name=op.f("fk_generation_part_generation_id")),
        sa.PrimaryKeyConstraint("generation_id", "phase", "number", name=op.f("pk_generation_part")),
    )
    op.create_index("ix_account_role_username", "account", ["role", "username"])
    name: sa.ColumnElement[str] = sa.literal_column("strata_folded(name)")
    if op.get_bind().dialect.name == "mssql":
        add_folded_name("account")
        name = sa.literal_column("name_folded")
    op.create_index("ix_account_role_name_folded", "account", ["role", name, "username"])


def downgrade() -> None:
    op.drop_index("ix_account_role_name_folded", "account")
    if op.get_bind().dialect.name == "mssql":
        op.drop_column("account", "name_folded")
    op.drop_index("ix_account_role_username", "account")
    op.drop_table("generation_part")
    op.drop_table("generation")
