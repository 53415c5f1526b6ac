"""Patients, those who treat them, and the accounts that sign in."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, func, true
from sqlalchemy.orm import Mapped, mapped_column

from core.engines.folded_names import folded
from core.models.base import Base, Code, Id, KeyText, utc_now, version_column


class Role(StrEnum):
    """What an account is; a patient's account belongs to one patient."""

    PATIENT = "patient"
    CLINICIAN = "clinician"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Sex(StrEnum):
    """FHIR administrative-gender."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class Patient(Base):
    """A person under care. Stays hot."""

    __tablename__ = "patient"
    id: Mapped[Id]
    # core/sealing/stored_national_id.py makes both.
    national_id_sealed: Mapped[str | None]
    national_id_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    sex: Mapped[Code]
    birth_on: Mapped[date | None]
    deceased_on: Mapped[date | None]
    phone: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(300))
    language: Mapped[str | None] = mapped_column(String(40))
    # What another system said beyond our columns (core/models/said.py).
    said: Mapped[str | None]
    legal_hold: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=func.now())
    version: Mapped[int] = version_column()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_patient_name_folded", folded(name)),
        # Finds any part of a name.
        Index(
            "ix_patient_name_parts",
            folded(name).label("folded"),
            postgresql_using="gin",
            postgresql_ops={"folded": "gin_trgm_ops"},
        ).ddl_if(dialect="postgresql"),
        Index("ix_patient_birth_on", "birth_on"),
        Index("ix_patient_legal_hold", "id", postgresql_where=legal_hold == true()),
    )


class Clinic(Base):
    """A place of care (FHIR Organization)."""

    __tablename__ = "clinic"
    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(300))


class Practitioner(Base):
    """Someone who treats (FHIR Practitioner)."""

    __tablename__ = "practitioner"
    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200))
    speciality: Mapped[str | None] = mapped_column(String(120))


class Account(Base):
    """A sign-in of one person at one portal."""

    __tablename__ = "account"
    id: Mapped[Id]
    username: Mapped[str] = mapped_column(String(120), unique=True)
    role: Mapped[Code]
    name: Mapped[str] = mapped_column(String(200))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"), index=True)
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("practitioner.id"))
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    # A clinician on duty sees every patient.
    covers_all: Mapped[bool] = mapped_column(default=False, server_default="false")
    # Why, as the admin said who began it; nothing once it has ended.
    duty_reason: Mapped[str | None] = mapped_column(String(400))
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=func.now())
    version: Mapped[int] = version_column()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(
            "ix_account_one_of_a_patient", "patient_id", unique=True,
            postgresql_where="patient_id IS NOT NULL AND active",
            mssql_where="patient_id IS NOT NULL AND active = 1",
        ),
        Index("ix_account_role_username", "role", "username"),
        Index("ix_account_role_name_folded", "role", folded(name), "username"),
    )  # fmt: skip


class Credential(Base):
    """By what an account proves itself: a row of its own, because staff's role reads and writes none of a patient's.

    An account that has not been set up has none.
    """

    __tablename__ = "credential"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    password_hash: Mapped[str] = mapped_column(String(255))
    password_changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    # Until when a password is good that somebody else gave out, before there were set-up codes.
    given_until: Mapped[datetime | None]
    # The secret is sealed. The step is that of the last code that was used: no code works twice.
    totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_step: Mapped[int | None]


class SetUpCode(Base):
    """A code with which the person of an account sets it up, once: only its SHA-256 is kept, until it is used."""

    __tablename__ = "set_up_code"
    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    # The person has lost what else proves them: it goes when the code is used.
    is_for_lost_device: Mapped[bool] = mapped_column(default=False)
    made_by: Mapped[int | None]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]


class RecoveryCode(Base):
    """A code that replaces a code of the authenticator app, once. Only its SHA-256 is kept."""

    __tablename__ = "recovery_code"
    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A key of one of an account's devices (WebAuthn): ids and keys as base64url."""

    __tablename__ = "passkey"
    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    credential_id: Mapped[str] = mapped_column(KeyText, unique=True)
    public_key: Mapped[str]
    sign_count: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    used_at: Mapped[datetime | None]


class SignIn(Base):
    """A server-side session. Redis holds a copy for speed; this row is the truth."""

    __tablename__ = "sign_in"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    portal: Mapped[Code]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    data: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
