"""A compact row a patient, kept hot: the newest values of each assay. Those of patients who are there wait to be built."""

import sqlalchemy as sa
from alembic import op

revision = "p0018"
down_revision = "p0017"
branch_labels = None
depends_on = None

WAITING = (
    "INSERT INTO patient_picture (patient_id, content, stale_at, updated_at)"
    " SELECT id, {nothing}, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP FROM patient"
)


def upgrade() -> None:
    op.create_table(
        "patient_picture",
        sa.Column("patient_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stale_at", sa.DateTime(timezone=True)),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_patient_picture_patient_id_patient")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_patient_picture")),
    )
    op.create_index(op.f("ix_patient_picture_stale_at"), "patient_picture", ["stale_at"])
    op.execute(WAITING.format(nothing="0x" if op.get_bind().dialect.name == "mssql" else "''::bytea"))


def downgrade() -> None:
    op.drop_table("patient_picture")
