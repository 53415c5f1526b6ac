"""What belongs to a report is written under that report's lock: by a snapshot of before, a signed one is open no more.

Rules of rows ask what a report is as the writer's snapshot sees it, and a snapshot can be kept for as long as one likes.
On SQL Server what is changed is asked so; no table whose rows are returned as they are added or taken away may have a
trigger of these verbs.
"""

from alembic import op

revision = "p0047"
down_revision = "p0046"
branch_labels = None
depends_on = None

TABLES = ("claim", "citation", "signature", "evidence", "claim_check", "omission")
GUARDED = TABLES[:4]

WAS_SIGNED = (
    "(r.state = 'signed' OR (r.state = 'withdrawn' AND EXISTS (SELECT 1 FROM signature s WHERE s.report_id = r.id)))"
)
# Owners are not bound, and the archiver brings back what was signed and takes it away.
LOCK = """
CREATE FUNCTION signed_content_lock() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF row_security_active(TG_RELID) AND NOT pg_has_role('strata_archiver', 'USAGE') THEN
    PERFORM 1 FROM report r WHERE r.id IN (OLD.report_id, NEW.report_id) ORDER BY r.id FOR NO KEY UPDATE;
    IF EXISTS (
      SELECT FROM report r WHERE r.id IN (OLD.report_id, NEW.report_id) AND {was_signed}
      AND (TG_OP <> 'DELETE' OR NOT EXISTS (SELECT FROM erasure e WHERE e.patient_id = r.patient_id))
    ) THEN
      RAISE EXCEPTION 'report % is signed: its % can not be changed', coalesce(OLD.report_id, NEW.report_id),
        TG_TABLE_NAME;
    END IF;
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END $$;
"""
GUARD_TSQL = """
CREATE TRIGGER {table}_guard ON {table} AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @words nvarchar(400);
  SELECT TOP 1 @words = CONCAT('report ', c.report_id, ' is signed: its {table} can not be changed')
  FROM (SELECT report_id FROM deleted UNION SELECT report_id FROM inserted) c
  JOIN report r {hint}ON r.id = c.report_id WHERE {was_signed};
  IF @words IS NOT NULL THROW 50006, @words, 1;
END
"""


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        _guard_on_sql_server("WITH (UPDLOCK) ")
        return
    op.execute(LOCK.format(was_signed=WAS_SIGNED))
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER signed_content_lock BEFORE INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION signed_content_lock()"
        )


def _guard_on_sql_server(hint: str) -> None:
    for table in GUARDED:
        op.execute(f"DROP TRIGGER {table}_guard")
        op.execute(GUARD_TSQL.format(table=table, hint=hint, was_signed=WAS_SIGNED))


def downgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        _guard_on_sql_server("")
        return
    for table in TABLES:
        op.execute(f"DROP TRIGGER signed_content_lock ON {table}")
    op.execute("DROP FUNCTION signed_content_lock()")
