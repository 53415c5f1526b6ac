"""The people and their records."""

import sqlalchemy as sa
from alembic import op

from core.migrations.columns import is_sql_server

revision = "p0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    days_may_be_unknown = is_sql_server()
    op.create_table(
        "assay",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("short_name", sa.String(length=120), nullable=False),
        sa.Column("plain_name", sa.String(length=200), nullable=True),
        sa.Column("unit", sa.String(length=60), nullable=True),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assay")),
        sa.UniqueConstraint("code", "unit", name=op.f("uq_assay_code_unit"), postgresql_nulls_not_distinct=True),
    )
    op.create_table(
        "clinic",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic")),
    )
    op.create_table(
        "patient",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("national_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sex", sa.String(length=64), nullable=False),
        # Both days are nullable from p0021 on; SQL Server is told so at once, which spares it a change of the column.
        sa.Column("birth_on", sa.Date(), nullable=days_may_be_unknown),
        sa.Column("deceased_on", sa.Date(), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("language", sa.String(length=40), nullable=True),
        sa.Column("legal_hold", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        sa.UniqueConstraint("national_id", name=op.f("uq_patient_national_id")),
    )
    op.create_index("ix_patient_birth_on", "patient", ["birth_on"], unique=False)
    if op.get_bind().dialect.name == "mssql":
        # It has no index on an expression, but finds an indexed column that is computed by the same one.
        op.execute("ALTER TABLE patient ADD name_lower AS lower(name)")
        op.create_index("ix_patient_name_lower", "patient", ["name_lower"], unique=False)
    else:
        op.create_index("ix_patient_name_lower", "patient", [sa.literal_column("lower(name)")], unique=False)
    op.create_table(
        "practitioner",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("speciality", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioner")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("totp_secret", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_account_patient_id")),
        sa.ForeignKeyConstraint(["practitioner_id"], ["practitioner.id"], name=op.f("fk_account_practitioner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_index(op.f("ix_account_patient_id"), "account", ["patient_id"], unique=False)
    op.create_table(
        "allergy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("substance", sa.String(length=400), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=True),
        sa.Column("reaction", sa.String(length=400), nullable=True),
        sa.Column("severity", sa.String(length=64), nullable=True),
        sa.Column("criticality", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_allergy_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allergy")),
    )
    op.create_index(op.f("ix_allergy_patient_id"), "allergy", ["patient_id"], unique=False)
    op.create_table(
        "condition",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("onset_on", sa.Date(), nullable=True),
        sa.Column("resolved_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_condition_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition")),
    )
    op.create_index(op.f("ix_condition_patient_id"), "condition", ["patient_id"], unique=False)
    op.create_index(op.f("ix_condition_visit_id"), "condition", ["visit_id"], unique=False)
    op.create_table(
        "note",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_note_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index("ix_note_patient_written", "note", ["patient_id", "written_at", "id"], unique=False)
    op.create_index(op.f("ix_note_visit_id"), "note", ["visit_id"], unique=False)
    op.create_table(
        "observation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("assay_id", sa.BigInteger(), nullable=False),
        sa.Column("value_number", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("value_text", sa.Text(), nullable=True),
        sa.Column("unit", sa.String(length=60), nullable=True),
        sa.Column("ref_low", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("ref_high", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("interpretation", sa.String(length=8), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["assay_id"], ["assay.id"], name=op.f("fk_observation_assay_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_observation_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
    )
    op.create_index(
        "ix_observation_patient_assay", "observation", ["patient_id", "assay_id", "observed_at"], unique=False
    )
    op.create_index(op.f("ix_observation_visit_id"), "observation", ["visit_id"], unique=False)
    op.create_table(
        "prescription",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("medication", sa.String(length=400), nullable=False),
        sa.Column("dose", sa.String(length=120), nullable=True),
        sa.Column("frequency", sa.String(length=120), nullable=True),
        sa.Column("route", sa.String(length=60), nullable=True),
        sa.Column("instructions", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=days_may_be_unknown),
        sa.Column("stopped_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_prescription_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescription")),
    )
    op.create_index(op.f("ix_prescription_patient_id"), "prescription", ["patient_id"], unique=False)
    op.create_index(op.f("ix_prescription_visit_id"), "prescription", ["visit_id"], unique=False)
    op.create_table(
        "reference_range",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("assay_id", sa.BigInteger(), nullable=False),
        sa.Column("sex", sa.String(length=64), nullable=True),
        sa.Column("age_from", sa.BigInteger(), nullable=False),
        sa.Column("age_to", sa.BigInteger(), nullable=False),
        sa.Column("low", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("high", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("critical_low", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("critical_high", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.ForeignKeyConstraint(["assay_id"], ["assay.id"], name=op.f("fk_reference_range_assay_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_range")),
    )
    op.create_index(op.f("ix_reference_range_assay_id"), "reference_range", ["assay_id"], unique=False)
    op.create_table(
        "visit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("clinic_id", sa.BigInteger(), nullable=True),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("class_code", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=400), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_visit_clinic_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_visit_patient_id")),
        sa.ForeignKeyConstraint(["practitioner_id"], ["practitioner.id"], name=op.f("fk_visit_practitioner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index("ix_visit_ended", "visit", ["ended_at", "id"], unique=False)
    op.create_index("ix_visit_patient_started", "visit", ["patient_id", "started_at", "id"], unique=False)
    op.create_table(
        "sign_in",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("portal", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in")),
    )
    op.create_index(op.f("ix_sign_in_account_id"), "sign_in", ["account_id"], unique=False)
    op.create_index(op.f("ix_sign_in_expires_at"), "sign_in", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("sign_in")
    op.drop_table("visit")
    op.drop_table("reference_range")
    op.drop_table("prescription")
    op.drop_table("observation")
    op.drop_table("note")
    op.drop_table("condition")
    op.drop_table("allergy")
    op.drop_table("account")
    op.drop_table("practitioner")
    op.drop_table("patient")
    op.drop_table("clinic")
    op.drop_table("assay")
