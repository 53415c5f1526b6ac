"""A hash names the columns that it covers: a new column changes none that is kept, and none is forgotten."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Dialect, Integer, Numeric, select
from sqlalchemy.dialects import postgresql

from core.archiving import hashes
from core.engines import mssql_dialect
from core.models import Base
from core.models.hashed_columns import HASHED_COLUMNS, NOT_HASHED, UnknownVersion, hashed_columns, newest_version
from core.models.record_types import RECORD_TYPES
from core.sources.find import SOURCE_TABLES
from core.sources.references import content_hash
from tests.added_columns import declared

MOVING = {table.name for record_type in RECORD_TYPES.values() for table in record_type.tables}
# By table, how hashes began before versions were kept: of a made-up row, and of its columns' names in order.
BEFORE_VERSIONS = {
    "patient": ("85b8a3785bbfec5b", "c93d04cfddf81964"),
    "allergy": ("4a9dd5ba3b173e8b", "b16a2031746dc42b"),
    "condition": ("14bca893b60917e8", "06014321f1b495f6"),
    "prescription": ("483d462b55fa8e42", "84d614b5f1f1ceb9"),
    "observation": ("33d5dd8fff4b254f", "ff34d6cb32fccedc"),
    "visit": ("783277855f0bcbd8", "d15e330d28afb38f"),
    "statement": ("cf1137cb8fbb3342", "f6869bee9291d59c"),
    "note": ("efa5f442f9dc1d38", "a6c5abca03c706db"),
    "access_event": ("cca5e6d42ee5ccb1", "f248a3f1b085f300"),
    "report": ("631be80c87b4476a", "64d79db106edb4f2"),
    "evidence": ("4ad07df9389d3f18", "d745978ed10ad633"),
    "claim": ("88fca3e09fd2c29e", "2259a47384cd990b"),
    "citation": ("9bf0068464788a55", "e9635b22cf134228"),
    "claim_check": ("7277e467f76e665d", "332f6b7c9f04e5dc"),
    "omission": ("74e2b1a158d172d4", "0bc0e0edfcc05790"),
    "model_call": ("7f447373deb9983b", "76933c638a3c1b13"),
    "signature": ("6db84d0c068dc84c", "1e75066f217f942f"),
    "report_event": ("110884a234cfe794", "21ce1f319e2c6de5"),
}


def value(column: Column[Any], place: int) -> Any:
    of_type = {
        Boolean: True,
        Integer: place,
        Numeric: Decimal(f"{place}.50"),
        DateTime: datetime(2026, 1, 1 + place, tzinfo=UTC),
        Date: date(2026, 1, 1 + place),
        JSON: {"n": place},
    }
    return next((made for kind, made in of_type.items() if isinstance(column.type, kind)), f"{column.name} é")


def row(table: str) -> dict[str, Any]:
    """A value in every hashed column, by the column's type and its place in the newest list."""
    columns = Base.metadata.tables[table].columns
    return {
        name: value(columns[name], place) for place, name in enumerate(hashed_columns(table, newest_version(table)))
    }


def hashing(table: str, version: int, dialect: Dialect) -> str:
    """The SQL by which a server hashes the rows of a table."""
    return str(select(hashes.of_row(Base.metadata.tables[table], version)).compile(dialect=dialect))


def dialects() -> list[Dialect]:
    return [postgresql.dialect(), mssql_dialect.Dialect()]


def test_each_table_whose_rows_are_hashed_has_its_list() -> None:
    assert HASHED_COLUMNS.keys() == {*SOURCE_TABLES, *MOVING}
    for versions in HASHED_COLUMNS.values():
        assert sorted(versions) == list(range(1, len(versions) + 1))
        assert all(columns[0] == "id" and len(set(columns)) == len(columns) for columns in versions.values())


@pytest.mark.parametrize("table", HASHED_COLUMNS)
def test_each_column_is_hashed_or_says_why_not(table: str) -> None:
    outside = NOT_HASHED.get(table, {})
    assert {*hashed_columns(table, newest_version(table)), *outside} == set(Base.metadata.tables[table].columns.keys())
    assert all(outside.values())


def test_a_move_verifies_every_column() -> None:
    assert not NOT_HASHED.keys() & MOVING


@pytest.mark.parametrize("table", HASHED_COLUMNS)
def test_the_first_version_hashes_as_before_versions_were_kept(table: str) -> None:
    names = " ".join(hashed_columns(table, 1))
    found = content_hash(table, row(table), 1), hashlib.sha256(names.encode()).hexdigest()
    assert tuple(digest[:16] for digest in found) == BEFORE_VERSIONS[table]


@pytest.mark.parametrize("table", HASHED_COLUMNS)
def test_a_new_column_changes_no_hash(table: str) -> None:
    values = row(table)

    def every_hash() -> list[str]:
        return [
            found
            for version in HASHED_COLUMNS[table]
            for found in (
                content_hash(table, values, version),
                *(hashing(table, version, dialect) for dialect in dialects()),
            )
        ]

    before = every_hash()
    with declared(Base.metadata.tables[table], column="added_later"):
        values["added_later"] = None
        assert every_hash() == before


def test_a_version_that_is_not_known_is_no_hash() -> None:
    with pytest.raises(UnknownVersion, match="no version 9 of the hashed columns of visit"):
        content_hash("visit", row("visit"), 9)
