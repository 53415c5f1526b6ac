"""A run may move rows in the order in which they lie, and finds late ones by marks; an index holds all that is counted."""

import sqlalchemy as sa
from alembic import op

from core.migrations.columns import drop_column

revision = "p0032"
down_revision = "p0031"
branch_labels = None
depends_on = None

COVERING = (
    ("ix_visit_ended", "visit", ["ended_at", "id"], ["patient_id", "status"]),
    ("ix_access_event_at", "access_event", ["at", "id"], ["patient_id"]),
)


def upgrade() -> None:
    op.add_column("archive_run", sa.Column("last_place", sa.BigInteger(), nullable=True))
    op.add_column("batch", sa.Column("first_place", sa.BigInteger(), nullable=True))
    op.add_column("batch", sa.Column("last_place", sa.BigInteger(), nullable=True))
    op.add_column("archive_run", sa.Column("looked_at_all", sa.Boolean(), nullable=False, server_default="false"))
    op.create_table(
        "late_root",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("record_type", sa.String(length=64), nullable=False),
        sa.Column("root_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_root")),
    )
    op.create_index("ix_late_root_type_root", "late_root", ["record_type", "root_id"])
    if op.get_bind().dialect.name != "mssql":
        for name, table, columns, included in COVERING:
            op.drop_index(name, table)
            op.create_index(name, table, columns, postgresql_include=included)


def downgrade() -> None:
    if op.get_bind().dialect.name != "mssql":
        for name, table, columns, _ in COVERING:
            op.drop_index(name, table)
            op.create_index(name, table, columns)
    op.drop_table("late_root")
    drop_column("archive_run", "looked_at_all")
    op.drop_column("batch", "last_place")
    op.drop_column("batch", "first_place")
    op.drop_column("archive_run", "last_place")
