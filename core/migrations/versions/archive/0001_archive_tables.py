"""The archive's tables: those of its record types, with the batch that brought each row."""

from alembic import context, op

from core.models.record_types import ARCHIVE_METADATA

revision = "a0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    ARCHIVE_METADATA[context.config.attributes["store"]].create_all(op.get_bind())


def downgrade() -> None:
    ARCHIVE_METADATA[context.config.attributes["store"]].drop_all(op.get_bind())
