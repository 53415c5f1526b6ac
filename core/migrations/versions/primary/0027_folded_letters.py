"""On SQL Server, names are folded as searched words are: all apostrophes and hyphens, and letters such as ø and ß."""

from alembic import op

from core.engines.folded_names import MSSQL_FOLDED

revision = "p0027"
down_revision = "p0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "mssql":
        op.drop_index("ix_patient_name_folded", "patient")
        op.drop_column("patient", "name_folded")
        op.execute(f"ALTER TABLE patient ADD name_folded AS {MSSQL_FOLDED.format('name')}")
        op.create_index("ix_patient_name_folded", "patient", ["name_folded"])


def downgrade() -> None:
    """Nothing: the column is the one that the step before makes now."""
