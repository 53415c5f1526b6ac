"""A key that was taken is told from every other fault of a row, as each server says it."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from core.engines import is_duplicate

INDEX = "[23000] [Microsoft][ODBC Driver 18][SQL Server]Cannot insert duplicate key row (2601) (SQLExecDirectW)"
KEY = "[23000] [Microsoft][ODBC Driver 18][SQL Server]Violation of PRIMARY KEY constraint (2627) (SQLExecDirectW)"
MISSING = "[23000] [Microsoft][ODBC Driver 18][SQL Server]Cannot insert the value NULL (515) (SQLExecDirectW)"


class Said(Exception):
    """What a driver raises; PostgreSQL's has the state as an attribute."""

    def __init__(self, words: str, sqlstate: str | None = None) -> None:
        super().__init__("23000", words)
        if sqlstate is not None:
            self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Said("duplicate key", "23505"), True),
        (Said("null value", "23502"), False),
        (Said("no such row", "23503"), False),
        (Said(INDEX), True),
        (Said(KEY), True),
        (Said(MISSING), False),
    ],
)
def test_a_taken_key_is_told_from_other_faults(said: Said, expected: bool) -> None:
    assert is_duplicate(IntegrityError("INSERT", {}, said)) is expected
