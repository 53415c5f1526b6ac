"""What an archive holds of a patient tells how many roots a page may show, and from when to when it shows them."""

import sqlalchemy as sa
from alembic import op

from core.migrations import reach

revision = "p0046"
down_revision = "p0043"
branch_labels = None
depends_on = None

COLUMNS = (
    ("shown_roots", sa.BigInteger()),
    ("shown_first_at", sa.DateTime(timezone=True)),
    ("shown_last_at", sa.DateTime(timezone=True)),
)
BEFORE, SHOWN = ("first_at", "last_at"), ("shown_first_at", "shown_last_at")


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("holding", sa.Column(name, kind, nullable=True))
    reach.let_go("holding")
    reach.keep("holding", times=(*BEFORE, *SHOWN))


def downgrade() -> None:
    reach.let_go("holding")
    reach.keep("holding", times=BEFORE)
    for name, _ in COLUMNS:
        op.drop_column("holding", name)
