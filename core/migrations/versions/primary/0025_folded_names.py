"""Names are searched without regard to accents, apostrophes, hyphens, case and width."""

import sqlalchemy as sa
from alembic import op

from core.engines.folded_names import POSTGRESQL_FUNCTION
from core.migrations.columns import add_folded_name

revision = "p0025"
down_revision = "p0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_patient_name_lower", "patient")
    if op.get_bind().dialect.name == "mssql":
        op.drop_column("patient", "name_lower")
        add_folded_name("patient")
        op.create_index("ix_patient_name_folded", "patient", ["name_folded"])
        return
    op.drop_index("ix_patient_name_words", "patient")
    op.execute(POSTGRESQL_FUNCTION)
    op.create_index("ix_patient_name_folded", "patient", [sa.literal_column("strata_folded(name)")])
    op.execute("CREATE INDEX ix_patient_name_parts ON patient USING gin (strata_folded(name) gin_trgm_ops)")


def downgrade() -> None:
    op.drop_index("ix_patient_name_folded", "patient")
    if op.get_bind().dialect.name == "mssql":
        op.drop_column("patient", "name_folded")
        op.execute("ALTER TABLE patient ADD name_lower AS lower(name)")
        op.create_index("ix_patient_name_lower", "patient", ["name_lower"])
        return
    op.drop_index("ix_patient_name_parts", "patient")
    op.execute("DROP FUNCTION strata_folded")
    op.create_index("ix_patient_name_lower", "patient", [sa.literal_column("lower(name)")])
    op.execute("CREATE INDEX ix_patient_name_words ON patient USING gin (lower(name) gin_trgm_ops)")
