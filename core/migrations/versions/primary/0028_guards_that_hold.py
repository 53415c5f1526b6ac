"""The guards of reports hold for a withdrawn one that was signed, and read our tables whatever a session made for itself.

Duty cover has a reason; passwords that were given out end. Times that other processes read are within what each of them
can read: one that is not would stop every reader.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0028"
down_revision = "p0027"
branch_labels = None
depends_on = None

FUNCTIONS = ("report_guard", "signed_report_guard", "signed_content_guard", "citation_supplied")
FIXED = (
    "patient_id", "requested_by", "requested_at", "started_at", "ready_at", "round", "model", "checker_model",
    "prompt_version", "replaces_id",
)  # fmt: skip
CONTENT = ("claim", "citation", "signature", "evidence")
# What a portal writes and others read, or a portal asks for and workers do.
TIMES = {
    "access_event": ("at",),
    "sign_in": ("created_at", "seen_at", "expires_at"),
    "credential": ("password_changed_at", "given_until"),
    "recovery_code": ("made_at", "used_at"),
    "passkey": ("made_at", "used_at"),
    "outbox_message": ("created_at", "due_at", "enqueued_at", "done_at"),
}
EARLIEST, LATEST = "1900-01-01", "9000-01-01"
# A password as old as its account was given out by whoever opened the account.
GIVEN_DAYS = 30
END_GIVEN = {
    "postgresql": "UPDATE credential c SET given_until = now() + interval '{days} days' FROM account a"
    " WHERE a.id = c.account_id AND c.password_changed_at < a.created_at + interval '1 minute'",
    "mssql": "UPDATE c SET given_until = DATEADD(day, {days}, SYSDATETIMEOFFSET()) FROM credential c"
    " JOIN account a ON a.id = c.account_id WHERE c.password_changed_at < DATEADD(minute, 1, a.created_at)",
}
SENDINGS_MAX = 1_000_000_000

WAS_SIGNED = (
    "({r}.state = 'signed' OR ({r}.state = 'withdrawn' AND EXISTS"
    " (SELECT 1 FROM signature s WHERE s.report_id = {r}.id)))"
)
WITHDRAWN_GUARD = """
CREATE FUNCTION withdrawn_report_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'withdrawn' AND NEW.state <> 'withdrawn' THEN
    RAISE EXCEPTION 'report % is withdrawn and can not become %', OLD.id, NEW.state;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER withdrawn_report_guard BEFORE UPDATE OF state ON report
  FOR EACH ROW EXECUTE FUNCTION withdrawn_report_guard();
"""
FIXED_GUARD = """
CREATE OR REPLACE FUNCTION signed_report_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF ({old}) IS DISTINCT FROM ({new}) AND {was_signed} THEN
    RAISE EXCEPTION 'report % is signed: it can not be changed', OLD.id;
  END IF;
  RETURN NEW;
END $$;
"""
CONTENT_GUARD = """
CREATE OR REPLACE FUNCTION signed_content_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM report r WHERE r.id IN (OLD.report_id, NEW.report_id) AND {was_signed}) THEN
    RAISE EXCEPTION 'report % is signed: its % can not be changed', OLD.report_id, TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END $$;
"""
WITHDRAWN_TSQL = """
CREATE TRIGGER withdrawn_report_guard ON report AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @words nvarchar(400);
  SELECT TOP 1 @words = CONCAT('report ', d.id, ' is withdrawn and can not become ', i.state)
  FROM inserted i JOIN deleted d ON d.id = i.id WHERE d.state = 'withdrawn' AND i.state <> 'withdrawn';
  IF @words IS NOT NULL THROW 50008, @words, 1;
END
"""
FIXED_TSQL = """
CREATE TRIGGER signed_report_guard ON report AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @words nvarchar(400);
  SELECT TOP 1 @words = CONCAT('report ', d.id, ' is signed: it can not be changed')
  FROM deleted d LEFT JOIN inserted i ON i.id = d.id
  WHERE {was_signed} AND NOT EXISTS (SELECT {old} INTERSECT SELECT {new});
  IF @words IS NOT NULL THROW 50007, @words, 1;
END
"""
CONTENT_TSQL = """
CREATE TRIGGER {table}_guard ON {table} AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @words nvarchar(400);
  SELECT TOP 1 @words = CONCAT('report ', c.report_id, ' is signed: its {table} can not be changed')
  FROM (SELECT report_id FROM deleted UNION SELECT report_id FROM inserted) c
  JOIN report r ON r.id = c.report_id WHERE {was_signed};
  IF @words IS NOT NULL THROW 50006, @words, 1;
END
"""


def upgrade() -> None:
    op.add_column("account", sa.Column("duty_reason", sa.String(length=400), nullable=True))
    op.add_column("credential", sa.Column("given_until", sa.DateTime(timezone=True), nullable=True))
    op.execute(END_GIVEN[op.get_context().dialect.name].format(days=GIVEN_DAYS))
    if op.get_context().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        _guard_on_sql_server()
    for table, columns in TIMES.items():
        for column in columns:
            within = f"{column} > '{EARLIEST}' AND {column} < '{LATEST}'"
            # Older rows are not looked at: the largest of these tables is too large for it.
            op.create_check_constraint(_check(table, column), table, within, postgresql_not_valid=True)
    op.create_check_constraint(_check("outbox_message", "enqueues"), "outbox_message", f"enqueues < {SENDINGS_MAX}")


def _guard_on_postgresql() -> None:
    op.execute(WITHDRAWN_GUARD)
    op.execute(FIXED_GUARD.format(old=_fixed("OLD"), new=_fixed("NEW"), was_signed=WAS_SIGNED.format(r="OLD")))
    op.execute(CONTENT_GUARD.format(was_signed=WAS_SIGNED.format(r="r")))
    for function in FUNCTIONS:
        # A session's own temporary tables would be found first.
        op.execute(f"ALTER FUNCTION {function}() SET search_path = pg_catalog, public, pg_temp")


def _guard_on_sql_server() -> None:
    for table in ("signed_report", *CONTENT):
        op.execute(f"DROP TRIGGER {table}_guard")
    op.execute(WITHDRAWN_TSQL)
    op.execute(FIXED_TSQL.format(old=_fixed("d"), new=_fixed("i"), was_signed=WAS_SIGNED.format(r="d")))
    for table in CONTENT:
        op.execute(CONTENT_TSQL.format(table=table, was_signed=WAS_SIGNED.format(r="r")))


def _check(table: str, column: str) -> str:
    return op.f(f"ck_{table}_{column}_in_reach")


def _fixed(row: str) -> str:
    return ", ".join(f"{row}.{column}" for column in FIXED)


def downgrade() -> None:
    op.drop_constraint(_check("outbox_message", "enqueues"), "outbox_message")
    for table, columns in TIMES.items():
        for column in columns:
            op.drop_constraint(_check(table, column), table)
    op.drop_column("account", "duty_reason")
    op.drop_column("credential", "given_until")
    # The other guards are harmless as they are now.
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER withdrawn_report_guard ON report")
        op.execute("DROP FUNCTION withdrawn_report_guard()")
    else:
        op.execute("DROP TRIGGER withdrawn_report_guard")
