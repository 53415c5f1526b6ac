"""The root of each record type by its time: pages ask for the newest, and the oldest stands on the operations page."""

import sqlalchemy as sa
from alembic import context, op

revision = "a0005"
down_revision = "a0004"
branch_labels = None
depends_on = None

ROOTS = {"logs": ("access_event", "at"), "visits": ("visit", "ended_at"), "reports": ("report", "closed_at")}


def upgrade() -> None:
    table, column = ROOTS[context.config.attributes["store"]]
    # On a new server a0001 has made the tables as they are now. By columns, for Babelfish tells longer names than ours.
    found = [index["column_names"] for index in sa.inspect(op.get_bind()).get_indexes(table)]
    if [column, "id"] not in found:
        op.create_index(f"ix_{table}_{column}_id", table, [column, "id"])


def downgrade() -> None:
    table, column = ROOTS[context.config.attributes["store"]]
    op.drop_index(f"ix_{table}_{column}_id", table)
