"""What other systems say beyond our columns: partial dates, codings, statuses; statements that are no finding."""

import sqlalchemy as sa
from alembic import op

from core.migrations.columns import make_nullable

revision = "p0021"
down_revision = "p0020"
branch_labels = None
depends_on = None

TABLES = ("patient", "visit", "note", "observation", "condition", "allergy", "prescription")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("said", sa.Text(), nullable=True))
    # SQL Server changes no column that an index stands on.
    op.drop_index("ix_patient_birth_on", "patient")
    make_nullable("patient", "birth_on", sa.Date())
    op.create_index("ix_patient_birth_on", "patient", ["birth_on"])
    make_nullable("prescription", "started_on", sa.Date())
    op.add_column("assay", sa.Column("system", sa.String(length=200), nullable=True))
    _make_assays_unique(["system", "code", "unit"])
    op.create_table(
        "statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("detail", sa.String(length=400), nullable=True),
        sa.Column("stated_on", sa.Date(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_statement_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
    )
    op.create_index(op.f("ix_statement_patient_id"), "statement", ["patient_id"])
    op.create_index(op.f("ix_statement_visit_id"), "statement", ["visit_id"])


def downgrade() -> None:
    op.drop_table("statement")
    op.drop_constraint(op.f("uq_assay_system_code_unit"), "assay", type_="unique")
    op.create_unique_constraint(
        op.f("uq_assay_code_unit"), "assay", ["code", "unit"], postgresql_nulls_not_distinct=True
    )
    op.drop_column("assay", "system")
    op.drop_index("ix_patient_birth_on", "patient")
    op.alter_column("patient", "birth_on", existing_type=sa.Date(), nullable=False)
    op.create_index("ix_patient_birth_on", "patient", ["birth_on"])
    op.alter_column("prescription", "started_on", existing_type=sa.Date(), nullable=False)
    for table in TABLES:
        op.drop_column(table, "said")


def _make_assays_unique(columns: list[str]) -> None:
    op.drop_constraint(op.f("uq_assay_code_unit"), "assay", type_="unique")
    op.create_unique_constraint(
        op.f(f"uq_assay_{'_'.join(columns)}"), "assay", columns, postgresql_nulls_not_distinct=True
    )
