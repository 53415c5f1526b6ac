"""The record: visits and what was noted, measured, found and prescribed at them.

A child of a visit carries no foreign key to it: the visit may be archived while a current
medicine or an active condition stays hot. `said` is what another system said beyond our columns
(core/models/said.py).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Code, Id, version_column


class VisitStatus(StrEnum):
    """The values of FHIR Encounter.status that we use."""

    OPEN = "in-progress"
    CLOSED = "finished"


class PrescriptionStatus(StrEnum):
    """The values of FHIR MedicationRequest.status that we use."""

    ACTIVE = "active"
    COMPLETED = "completed"
    STOPPED = "stopped"
    ON_HOLD = "on-hold"
    UNKNOWN = "unknown"


# Neither taken now nor ended: it stays where current medicines are.
PENDING = (PrescriptionStatus.ON_HOLD, PrescriptionStatus.UNKNOWN)


class StatementKind(StrEnum):
    """What another system states that is no finding, no allergy and no medicine taken."""

    NEGATION = "negation"
    REFUTED = "refuted"
    SUSPECTED = "suspected"
    DO_NOT_GIVE = "do-not-give"
    NOT_TAKEN = "not-taken"
    PROPOSAL = "proposal"
    IMMUNIZATION = "immunization"
    PROCEDURE = "procedure"


# What a statement's words stand behind, wherever they are shown or told.
STATEMENT_WORDS = {
    StatementKind.DO_NOT_GIVE: "Do not give",
    StatementKind.NOT_TAKEN: "Not taken",
    StatementKind.PROPOSAL: "Proposed, not ordered",
    StatementKind.SUSPECTED: "Suspected, not confirmed",
    StatementKind.REFUTED: "Ruled out",
    StatementKind.NEGATION: "Stated",
    StatementKind.IMMUNIZATION: "Vaccination",
    StatementKind.PROCEDURE: "Procedure",
}
# What nobody may miss who reads a record, and nobody may take for a finding.
CAUTIONS = (
    StatementKind.DO_NOT_GIVE, StatementKind.NEGATION, StatementKind.REFUTED, StatementKind.NOT_TAKEN,
    StatementKind.SUSPECTED,
)  # fmt: skip


class ConditionStatus(StrEnum):
    """The values of FHIR Condition.clinicalStatus that we use."""

    ACTIVE = "active"
    RESOLVED = "resolved"


# What else decides whether a visit is cold: the index has all that is asked.
COLD_BY = ["patient_id", "status"]


class Visit(Base):
    """One encounter. It is archived together with its children."""

    __tablename__ = "visit"
    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinic.id"))
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("practitioner.id"))
    class_code: Mapped[Code]
    status: Mapped[Code]
    description: Mapped[str] = mapped_column(String(400))
    reason: Mapped[str | None] = mapped_column(String(400))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    recorded_by: Mapped[int | None]
    said: Mapped[str | None]
    version: Mapped[int] = version_column()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_visit_patient_started", "patient_id", "started_at", "id"),
        Index(
            "ix_visit_ended",
            "ended_at",
            "id",
            mssql_include=["patient_id", "status"],
            postgresql_include=["patient_id", "status"],
        ),
    )


class Note(Base):
    """Free text written at a visit. Whoever reads it must not trust it."""

    __tablename__ = "note"
    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    visit_id: Mapped[int | None] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(120))
    author: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str]
    written_at: Mapped[datetime]
    said: Mapped[str | None]
    version: Mapped[int] = version_column()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index("ix_note_patient_written", "patient_id", "written_at", "id"),)


class Assay(Base):
    """A test's definition: code, of LOINC if no other system is named, name, unit. Stays hot."""

    __tablename__ = "assay"
    id: Mapped[Id]
    # None is LOINC's, and that of our own codes.
    system: Mapped[str | None] = mapped_column(String(200))
    code: Mapped[Code]
    name: Mapped[str] = mapped_column(String(400))
    short_name: Mapped[str] = mapped_column(String(120))
    plain_name: Mapped[str | None] = mapped_column(String(200))
    unit: Mapped[str | None] = mapped_column(String(60))
    category: Mapped[Code]

    __table_args__ = (UniqueConstraint("system", "code", "unit", postgresql_nulls_not_distinct=True),)


class ReferenceRange(Base):
    """The usual range of an assay for a sex and age: [age_from, age_to) in years; one side may be open."""

    __tablename__ = "reference_range"
    id: Mapped[Id]
    assay_id: Mapped[int] = mapped_column(ForeignKey("assay.id"), index=True)
    sex: Mapped[Code | None]
    age_from: Mapped[int] = mapped_column(default=0)
    age_to: Mapped[int] = mapped_column(default=200)
    low: Mapped[Decimal | None]
    high: Mapped[Decimal | None]
    critical_low: Mapped[Decimal | None]
    critical_high: Mapped[Decimal | None]


class Observation(Base):
    """One measured value, with the range that held when it was measured."""

    __tablename__ = "observation"
    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    visit_id: Mapped[int | None] = mapped_column(index=True)
    assay_id: Mapped[int] = mapped_column(ForeignKey("assay.id"))
    value_number: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    value_text: Mapped[str | None]
    unit: Mapped[str | None] = mapped_column(String(60))
    ref_low: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    ref_high: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    interpretation: Mapped[str | None] = mapped_column(String(8))
    observed_at: Mapped[datetime]
    said: Mapped[str | None]
    version: Mapped[int] = version_column()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index("ix_observation_patient_assay", "patient_id", "assay_id", "observed_at"),)


class Condition(Base):
    """A problem or diagnosis. Active ones stay hot; resolved ones go with their visit."""

    __tablename__ = "condition"
    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    visit_id: Mapped[int | None] = mapped_column(index=True)
    code: Mapped[Code | None]
    name: Mapped[str] = mapped_column(String(400))
    status: Mapped[Code]
    onset_on: Mapped[date | None]
    resolved_on: Mapped[date | None]
    said: Mapped[str | None]
    version: Mapped[int] = version_column()

    __mapper_args__ = {"version_id_col": version}


class Allergy(Base):
    """An allergy or intolerance. Stays hot."""

    __tablename__ = "allergy"
    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    code: Mapped[Code | None]
    substance: Mapped[str] = mapped_column(String(400))
    category: Mapped[Code | None]
    reaction: Mapped[str | None] = mapped_column(String(400))
    severity: Mapped[Code | None]
    criticality: Mapped[Code | None]
    status: Mapped[Code]
    recorded_on: Mapped[date | None]
    said: Mapped[str | None]
    version: Mapped[int] = version_column()

    __mapper_args__ = {"version_id_col": version}


class Prescription(Base):
    """A medicine ordered. Active ones stay hot; ended ones go with their visit."""

    __tablename__ = "prescription"
    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    visit_id: Mapped[int | None] = mapped_column(index=True)
    code: Mapped[Code | None]
    medication: Mapped[str] = mapped_column(String(400))
    dose: Mapped[str | None] = mapped_column(String(120))
    frequency: Mapped[str | None] = mapped_column(String(120))
    route: Mapped[str | None] = mapped_column(String(60))
    instructions: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(String(400))
    status: Mapped[Code]
    started_on: Mapped[date | None]
    stopped_on: Mapped[date | None]
    said: Mapped[str | None]
    version: Mapped[int] = version_column()

    __mapper_args__ = {"version_id_col": version}
    # What may end by itself, read each hour (core/services/courses.py). A filter of SQL Server knows no LIKE.
    __table_args__ = (
        Index(
            "ix_prescription_lapses",
            "id",
            postgresql_where=text("status IN ('active', 'unknown') AND said LIKE '%\"lapses\":%'"),
            mssql_where=text("status IN ('active', 'unknown')"),
        ),
    )


class Statement(Base):
    """What another system states beside problems, allergies and medicines: "No known allergies". Stays hot."""

    __tablename__ = "statement"
    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    visit_id: Mapped[int | None] = mapped_column(index=True)
    kind: Mapped[Code]
    text: Mapped[str] = mapped_column(String(400))
    detail: Mapped[str | None] = mapped_column(String(400))
    stated_on: Mapped[date | None]
    said: Mapped[str | None]
    version: Mapped[int] = version_column()

    __mapper_args__ = {"version_id_col": version}
