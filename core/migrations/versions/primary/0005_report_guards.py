"""What no route may do to a report: sign it undecided or unsigned, change what is signed, cite what was not supplied.

The services refuse all of it first, with clear words; this holds for whatever else reaches the tables.
"""

from alembic import op

revision = "p0005"
down_revision = "p0004"
branch_labels = None
depends_on = None

GUARDED = ("claim", "citation", "signature")

SIGNING = """
CREATE FUNCTION report_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'signed' AND NEW.state NOT IN ('signed', 'withdrawn') THEN
    RAISE EXCEPTION 'report % is signed and can not become %', OLD.id, NEW.state;
  END IF;
  IF NEW.state = 'signed' AND OLD.state <> 'signed' THEN
    IF OLD.state <> 'ready' THEN
      RAISE EXCEPTION 'report % is % and can not be signed', OLD.id, OLD.state;
    END IF;
    IF NOT EXISTS (SELECT FROM signature s WHERE s.report_id = OLD.id) THEN
      RAISE EXCEPTION 'report % has no signature', OLD.id;
    END IF;
    IF EXISTS (
      SELECT FROM claim c
      WHERE c.report_id = OLD.id AND c.flagged AND c.decision IS NULL AND c.replaced_by IS NULL
    ) THEN
      RAISE EXCEPTION 'report % has flagged claims without a decision', OLD.id;
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER report_guard BEFORE UPDATE OF state ON report FOR EACH ROW EXECUTE FUNCTION report_guard();
"""

CONTENT = """
CREATE FUNCTION signed_content_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM report r WHERE r.id = OLD.report_id AND r.state = 'signed') THEN
    RAISE EXCEPTION 'report % is signed: its % can not be changed', OLD.report_id, TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER claim_guard BEFORE UPDATE ON claim FOR EACH ROW EXECUTE FUNCTION signed_content_guard();
CREATE TRIGGER citation_guard BEFORE UPDATE ON citation FOR EACH ROW EXECUTE FUNCTION signed_content_guard();
CREATE TRIGGER signature_guard BEFORE UPDATE ON signature FOR EACH ROW EXECUTE FUNCTION signed_content_guard();
"""

SUPPLIED = """
CREATE FUNCTION citation_supplied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM citation c WHERE c.id = NEW.id) AND NOT EXISTS (
    SELECT FROM evidence e JOIN report r ON r.id = e.report_id AND r.patient_id = e.patient_id
    WHERE e.report_id = NEW.report_id AND e.ref = NEW.ref
  ) THEN
    RAISE EXCEPTION 'report % was not supplied with %', NEW.report_id, NEW.ref;
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER citation_supplied AFTER INSERT OR UPDATE ON citation
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION citation_supplied();
"""

SIGNING_TSQL = """
CREATE TRIGGER report_guard ON report AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @words nvarchar(400);
  SELECT TOP 1 @words = CONCAT('report ', d.id, ' is signed and can not become ', i.state)
  FROM inserted i JOIN deleted d ON d.id = i.id
  WHERE d.state = 'signed' AND i.state NOT IN ('signed', 'withdrawn');
  IF @words IS NOT NULL THROW 50001, @words, 1;
  SELECT TOP 1 @words = CONCAT('report ', d.id, ' is ', d.state, ' and can not be signed')
  FROM inserted i JOIN deleted d ON d.id = i.id
  WHERE i.state = 'signed' AND d.state NOT IN ('signed', 'ready');
  IF @words IS NOT NULL THROW 50002, @words, 1;
  SELECT TOP 1 @words = CONCAT('report ', d.id, ' was not supplied with ', c.ref)
  FROM inserted i JOIN deleted d ON d.id = i.id JOIN citation c ON c.report_id = i.id
  WHERE i.state = 'signed' AND d.state = 'ready' AND NOT EXISTS (
    SELECT 1 FROM evidence e WHERE e.report_id = i.id AND e.patient_id = i.patient_id AND e.ref = c.ref
  );
  IF @words IS NOT NULL THROW 50003, @words, 1;
  SELECT TOP 1 @words = CONCAT('report ', d.id, ' has no signature')
  FROM inserted i JOIN deleted d ON d.id = i.id
  WHERE i.state = 'signed' AND d.state = 'ready'
    AND NOT EXISTS (SELECT 1 FROM signature s WHERE s.report_id = i.id);
  IF @words IS NOT NULL THROW 50004, @words, 1;
  SELECT TOP 1 @words = CONCAT('report ', d.id, ' has flagged claims without a decision')
  FROM inserted i JOIN deleted d ON d.id = i.id JOIN claim c ON c.report_id = i.id
  WHERE i.state = 'signed' AND d.state = 'ready'
    AND c.flagged = 1 AND c.decision IS NULL AND c.replaced_by IS NULL;
  IF @words IS NOT NULL THROW 50005, @words, 1;
END
"""

CONTENT_TSQL = """
CREATE TRIGGER {table}_guard ON {table} AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @words nvarchar(400);
  SELECT TOP 1 @words = CONCAT('report ', d.report_id, ' is signed: its {table} can not be changed')
  FROM deleted d JOIN report r ON r.id = d.report_id WHERE r.state = 'signed';
  IF @words IS NOT NULL THROW 50006, @words, 1;
END
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statements in (SIGNING, CONTENT, SUPPLIED):
            op.execute(statements)
    else:
        # It has no trigger that waits for a transaction's end, and none on inserts that return their ids: what was not
        # supplied may be cited there, and not signed.
        for statement in (SIGNING_TSQL, *(CONTENT_TSQL.format(table=table) for table in GUARDED)):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "mssql":
        for table in ("report", *GUARDED):
            op.execute(f"DROP TRIGGER {table}_guard")
    if op.get_bind().dialect.name == "postgresql":
        for table, trigger in (
            ("report", "report_guard"),
            ("claim", "claim_guard"),
            ("citation", "citation_guard"),
            ("signature", "signature_guard"),
            ("citation", "citation_supplied"),
        ):
            op.execute(f"DROP TRIGGER {trigger} ON {table}")
        for function in ("report_guard", "signed_content_guard", "citation_supplied"):
            op.execute(f"DROP FUNCTION {function}()")
