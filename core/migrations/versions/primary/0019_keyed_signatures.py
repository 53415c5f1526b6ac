"""What proves a clinician's signature, and the numbers of the sets of heads that are kept outside.

Signatures so far were made without a key: they hold as far as their hash does, and pages say so.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0019"
down_revision = "p0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signature", sa.Column("evidence_hash", sa.String(length=64), nullable=True))
    op.add_column("signature", sa.Column("proof", sa.String(length=88), nullable=True))
    op.create_table(
        "kept_head_set",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_kept_head_set")),
    )


def downgrade() -> None:
    op.drop_table("kept_head_set")
    op.drop_column("signature", "proof")
    op.drop_column("signature", "evidence_hash")
