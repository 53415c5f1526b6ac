"""What every table shares."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, Boolean, Date, DateTime, Identity, MetaData, Numeric, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Json = JSON().with_variant(JSONB(), "postgresql")


# Text without a limit of ours that an index has as its key; SQL Server's take at most 1,700 bytes.
KeyText = Text().with_variant(String(850), "mssql")


class Base(DeclarativeBase):
    """Tables of the primary. Instants are aware UTC, named *_at; days are named *_on."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        date: Date(),
        bool: Boolean(),
        int: BigInteger(),
        str: Text(),
        Decimal: Numeric(18, 6),
        dict[str, Any]: Json,
        list[Any]: Json,
    }


Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Code = Annotated[str, mapped_column(String(64))]


def version_column() -> Mapped[int]:
    """Counts a row's changes; SQLAlchemy refuses an update of a version that is no longer there."""
    return mapped_column(BigInteger, default=1, server_default="1")


def hash_version_column() -> Mapped[int]:
    """The version of the hashed columns (core/models/hashed_columns.py) that the row's `content_hash` was made by.

    Where a writer names none, it is a version of Strata that knew the first alone.
    """
    return mapped_column(BigInteger, server_default="1")


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)
