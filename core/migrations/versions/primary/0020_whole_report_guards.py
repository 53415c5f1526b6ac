"""The guards of signed reports, whole: nothing of one but its state changes, nothing is moved into one, nor its evidence.

Rows that are added to a signed report, or taken away, are looked at by the rules of rows that `strata init` makes.
"""

from alembic import op

revision = "p0020"
down_revision = "p0019"
branch_labels = None
depends_on = None

FIXED = (
    "patient_id", "requested_by", "requested_at", "started_at", "ready_at", "round", "model", "checker_model",
    "prompt_version", "replaces_id",
)  # fmt: skip
TABLES = ("claim", "citation", "signature", "evidence")

FIXED_GUARD = """
CREATE FUNCTION signed_report_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'signed' AND ({old}) IS DISTINCT FROM ({new}) THEN
    RAISE EXCEPTION 'report % is signed: it can not be changed', OLD.id;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER signed_report_guard BEFORE UPDATE ON report FOR EACH ROW EXECUTE FUNCTION signed_report_guard();
"""
CONTENT_GUARD = """
CREATE OR REPLACE FUNCTION signed_content_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM report r WHERE r.id IN (OLD.report_id, NEW.report_id) AND r.state = 'signed') THEN
    RAISE EXCEPTION 'report % is signed: its % can not be changed', OLD.report_id, TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER evidence_guard BEFORE UPDATE ON evidence FOR EACH ROW EXECUTE FUNCTION signed_content_guard();
"""
OLD_CONTENT_GUARD = """
DROP TRIGGER evidence_guard ON evidence;
CREATE OR REPLACE FUNCTION signed_content_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM report r WHERE r.id = OLD.report_id AND r.state = 'signed') THEN
    RAISE EXCEPTION 'report % is signed: its % can not be changed', OLD.report_id, TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END $$;
"""

FIXED_TSQL = """
CREATE TRIGGER signed_report_guard ON report AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @words nvarchar(400);
  SELECT TOP 1 @words = CONCAT('report ', d.id, ' is signed: it can not be changed')
  FROM deleted d LEFT JOIN inserted i ON i.id = d.id
  WHERE d.state = 'signed' AND NOT EXISTS (SELECT {old} INTERSECT SELECT {new});
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
  JOIN report r ON r.id = c.report_id WHERE r.state = 'signed';
  IF @words IS NOT NULL THROW 50006, @words, 1;
END
"""


def _columns(row: str) -> str:
    return ", ".join(f"{row}.{column}" for column in FIXED)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FIXED_GUARD.format(old=_columns("OLD"), new=_columns("NEW")))
        op.execute(CONTENT_GUARD)
        return
    for table in TABLES[:-1]:
        op.execute(f"DROP TRIGGER {table}_guard")
    op.get_bind().exec_driver_sql(FIXED_TSQL.format(old=_columns("d"), new=_columns("i")))
    for table in TABLES:
        op.get_bind().exec_driver_sql(CONTENT_TSQL.format(table=table))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER signed_report_guard ON report")
        op.execute("DROP FUNCTION signed_report_guard()")
        op.execute(OLD_CONTENT_GUARD)
        return
    # The three that were there before are harmless as they are now.
    op.execute("DROP TRIGGER signed_report_guard")
    op.execute("DROP TRIGGER evidence_guard")
