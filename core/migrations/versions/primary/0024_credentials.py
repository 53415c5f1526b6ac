"""By what an account proves itself, in a table of its own; set-up codes; one open account for a patient.

Of a patient's open accounts all but the first are closed: they read the record as the patient does, unseen by them.
"""

import sqlalchemy as sa
from alembic import op

from core.migrations.columns import drop_column

revision = "p0024"
down_revision = "p0023"
branch_labels = None
depends_on = None

MOVED = ("password_hash", "password_changed_at", "totp_secret", "totp_step")


def upgrade() -> None:
    op.create_table(
        "credential",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("totp_secret", sa.String(length=255), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_credential_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_credential")),
    )
    columns = ", ".join(MOVED)
    op.execute(f"INSERT INTO credential (account_id, {columns}) SELECT id, {columns} FROM account")  # noqa: S608
    for column in MOVED:
        drop_column("account", column)
    op.create_table(
        "set_up_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("is_for_lost_device", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_set_up_code_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_up_code")),
    )
    op.create_index(op.f("ix_set_up_code_account_id"), "set_up_code", ["account_id"])
    _close_second_accounts()
    op.create_index(
        "ix_account_one_of_a_patient", "account", ["patient_id"], unique=True,
        postgresql_where=sa.text("patient_id IS NOT NULL AND active"),
        mssql_where=sa.text("patient_id IS NOT NULL AND active = 1"),
    )  # fmt: skip


def _close_second_accounts() -> None:
    account = sa.table("account", sa.column("id"), sa.column("patient_id"), sa.column("active", sa.Boolean()))
    first = account.alias("first_one")
    has_earlier = (
        sa.select(first.c.id)
        .where(first.c.patient_id == account.c.patient_id, first.c.active == sa.true(), first.c.id < account.c.id)
        .exists()
    )
    op.execute(account.update().where(account.c.active == sa.true(), has_earlier).values(active=sa.false()))


def downgrade() -> None:
    op.drop_index("ix_account_one_of_a_patient", "account")
    op.drop_table("set_up_code")
    op.add_column("account", sa.Column("password_hash", sa.String(length=255), server_default="", nullable=False))
    op.add_column("account", sa.Column("totp_secret", sa.String(length=255), nullable=True))
    op.add_column("account", sa.Column("totp_step", sa.BigInteger(), nullable=True))
    op.add_column(
        "account",
        sa.Column("password_changed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    for column in MOVED:
        op.execute(
            f"UPDATE account SET {column} = (SELECT c.{column} FROM credential c WHERE c.account_id = account.id)"  # noqa: S608
            " WHERE EXISTS (SELECT 1 FROM credential c WHERE c.account_id = account.id)"
        )
    op.drop_table("credential")
