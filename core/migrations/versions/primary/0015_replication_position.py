"""A row that is written whenever someone asks how far the primary is: what has come to a replica of SQL Server shows it.

PostgreSQL tells both by its log.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0015"
down_revision = "p0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "mssql":
        op.create_table(
            "replication_position",
            sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("position", sa.BigInteger, nullable=False),
            sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        )
        op.execute("INSERT INTO replication_position (id, position, at) VALUES (1, 0, SYSDATETIMEOFFSET())")


def downgrade() -> None:
    if op.get_bind().dialect.name == "mssql":
        op.drop_table("replication_position")
