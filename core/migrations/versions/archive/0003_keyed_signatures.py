"""What proves a clinician's signature moves with it."""

import sqlalchemy as sa
from alembic import context, op

revision = "a0003"
down_revision = "a0002"
branch_labels = None
depends_on = None

COLUMNS = (("evidence_hash", 64), ("proof", 88))


def upgrade() -> None:
    if context.config.attributes["store"] == "reports":
        known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("signature")}
        for name, length in COLUMNS:
            # A server that is new was made with them.
            if name not in known:
                op.add_column("signature", sa.Column(name, sa.String(length=length), nullable=True))


def downgrade() -> None:
    if context.config.attributes["store"] == "reports":
        for name, _ in COLUMNS:
            op.drop_column("signature", name)
