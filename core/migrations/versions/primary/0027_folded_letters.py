"""Nothing any more: p0038 makes the column anew that this step made on SQL Server."""

revision = "p0027"
down_revision = "p0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing."""


def downgrade() -> None:
    """Nothing."""
