"""On SQL Server the indexes by which cold rows are found carry what else is asked of them.

Else it would look up each row, or read the whole table. PostgreSQL asks its visibility map and a bitmap of pages.
"""

from alembic import op

revision = "p0016"
down_revision = "p0015"
branch_labels = None
depends_on = None

COVERING = (
    ("ix_visit_ended", "visit", ["ended_at", "id"], ["patient_id", "status"]),
    ("ix_report_closed", "report", ["closed_at", "id"], ["patient_id", "state"]),
    ("ix_access_event_at", "access_event", ["at", "id"], ["patient_id"]),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "mssql":
        for name, table, columns, included in COVERING:
            op.drop_index(name, table)
            op.create_index(name, table, columns, mssql_include=included)


def downgrade() -> None:
    if op.get_bind().dialect.name == "mssql":
        for name, table, columns, _ in COVERING:
            op.drop_index(name, table)
            op.create_index(name, table, columns)
