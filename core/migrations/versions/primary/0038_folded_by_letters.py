"""On SQL Server, names are folded letter by letter, and without a collation that not every server has."""

from alembic import op

from core.migrations.columns import add_folded_name, is_sql_server

revision = "p0038"
down_revision = "p0037"
branch_labels = None
depends_on = None

INDEXES = {
    "patient": ("ix_patient_name_folded", ["name_folded"]),
    "account": ("ix_account_role_name_folded", ["role", "name_folded", "username"]),
}


def upgrade() -> None:
    if not is_sql_server():
        return
    for table, (index, columns) in INDEXES.items():
        op.drop_index(index, table)
        op.drop_column(table, "name_folded")
        add_folded_name(table)
        op.create_index(index, table, columns)


def downgrade() -> None:
    """Nothing: the steps before make the same columns now."""
