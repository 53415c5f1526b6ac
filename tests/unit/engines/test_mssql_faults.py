"""Faults of SQL Server: which kind each is, and what is said of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from core.engines import FaultKind, kind_of, mssql_connection, words_of


@pytest.mark.parametrize(
    ("state", "number", "kind"),
    [
        ("40001", 1205, FaultKind.WAITED),
        ("42000", 1222, FaultKind.WAITED),
        ("HYT00", 0, FaultKind.WAITED),
        ("08S01", 10054, FaultKind.CONNECTION),
        ("42000", 40613, FaultKind.CONNECTION),
        ("42000", 1105, FaultKind.DISK_FULL),
        ("42S02", 208, FaultKind.OTHER),
        # Of a linked server that is away, or not done in time.
        ("42000", 7303, FaultKind.CONNECTION),
        ("42000", 7399, FaultKind.CONNECTION),
    ],
)
def test_faults_are_told_apart(state: str, number: int, kind: FaultKind) -> None:
    fault = Exception(state, f"[{state}] [Microsoft][SQL Server]words ({number}) (SQLExecDirectW)")
    assert kind_of(DBAPIError("SELECT", None, fault)) is kind


def test_a_server_that_lets_nobody_in_is_away_and_not_late() -> None:
    """The driver calls both a time-out: it tries a port that refuses it again until its time is over."""
    fault = Exception("HYT00", "[HYT00] [Microsoft][ODBC Driver 18]Login timeout expired (0) (SQLDriverConnect)")
    assert kind_of(DBAPIError("", None, fault)) is FaultKind.CONNECTION


def test_a_fault_is_told_by_its_numbers_and_quotes_no_row() -> None:
    said = "[23000] Cannot insert duplicate key row. The duplicate key value is (S1234567D). (2627) (SQLExecDirectW)"
    fault = DBAPIError("INSERT", None, Exception("23000", said))
    assert words_of(fault) == "duplicate key (SQLSTATE 23000, error 2627)"


@pytest.mark.parametrize(
    ("words", "raised"),
    [
        ("Transaction was deadlocked (1205)", OperationalError),
        ("TDS client library error: DB #: 20002, DB Msg: server connection failed (33557097)", OperationalError),
        ("Invalid object name (208)", ProgrammingError),
    ],
)
def test_what_is_the_servers_fault_is_raised_as_such(words: str, raised: type[DBAPIError]) -> None:
    fault = ProgrammingError("SELECT", None, Exception("42000", f"[42000] [Microsoft]{words} (SQLExecDirectW)"))
    context: Any = SimpleNamespace(sqlalchemy_exception=fault)
    assert type(mssql_connection.tell_operational(context) or fault) is raised
