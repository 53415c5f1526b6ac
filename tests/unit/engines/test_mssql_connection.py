"""How SQL Server is reached: the driver, what is said when there is none, and what is tried again."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from core.engines import mssql_connection
from core.engines.fault_kinds import EngineError
from core.engines.mssql_connection import DRIVER, address, driver
from core.engines.mssql_faults import is_transient, numbers

ADDRESS = "mssql+pyodbc://strata:secret@db.example:1433/strata"
LOGIN = "[42000] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]{text} ({number}) (SQLDriverConnect)"


def test_without_unixodbc_the_fault_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyodbc", None)
    with pytest.raises(EngineError, match=r"apt install unixodbc.*dnf install unixODBC"):
        mssql_connection.load()


def test_without_a_driver_the_fault_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mssql_connection, "driver_of_wheel", lambda: None)
    with pytest.raises(EngineError, match=r"Debian, Ubuntu, RHEL.*Windows.*pip install mssql-python-odbc"):
        driver(make_url(ADDRESS), [])


def test_the_systems_driver_goes_before_the_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mssql_connection, "driver_of_wheel", lambda: Path("/wheel/libmsodbcsql.so"))
    assert driver(make_url(ADDRESS), ["FreeTDS", DRIVER]) == DRIVER
    assert driver(make_url(ADDRESS), ["FreeTDS"]) == "/wheel/libmsodbcsql.so"


def test_a_driver_that_is_named_must_be_there() -> None:
    named = make_url(f"{ADDRESS}?driver=ODBC+Driver+17+for+SQL+Server")
    with pytest.raises(EngineError, match=r"'ODBC Driver 17 for SQL Server' is not on this machine \(it has FreeTDS\)"):
        driver(named, ["FreeTDS"])
    assert driver(named, ["ODBC Driver 17 for SQL Server"]) == "ODBC Driver 17 for SQL Server"


def test_a_connection_is_encrypted_unless_its_address_says_otherwise() -> None:
    assert address(ADDRESS, of_replica=False, installed=[DRIVER]).query["Encrypt"] == "yes"
    assert address(f"{ADDRESS}?Encrypt=no", of_replica=False, installed=[DRIVER]).query["Encrypt"] == "no"


def test_a_connection_to_the_replica_says_that_it_only_reads() -> None:
    reading = address(ADDRESS, of_replica=True, installed=[DRIVER]).query
    assert (reading["ApplicationIntent"], reading["MultiSubnetFailover"]) == ("ReadOnly", "Yes")
    assert "ApplicationIntent" not in address(ADDRESS, of_replica=False, installed=[DRIVER]).query


@pytest.mark.parametrize("number", [1205, 4060, 40197, 40501, 40613, 49918])
def test_faults_that_pass_are_tried_again(number: int) -> None:
    assert is_transient(Exception(LOGIN.format(text="busy", number=number)))


@pytest.mark.parametrize("number", [208, 2627, 18456])
def test_faults_that_stay_are_not(number: int) -> None:
    assert not is_transient(Exception(LOGIN.format(text="Invalid (1205) name", number=number)))
    assert numbers(Exception(LOGIN.format(text="Invalid (1205) name", number=number))) == {number}


def test_a_connection_that_reads_refuses_to_write() -> None:
    mssql_connection.refuse_writes(None, None, "  select 1")
    with pytest.raises(EngineError, match="was to run: DELETE"):
        mssql_connection.refuse_writes(None, None, "DELETE FROM patient")


def test_a_fault_of_connecting_says_where_and_no_password() -> None:
    class Refused(Exception):
        pass

    def connect(*_: Any, **__: Any) -> None:
        raise Refused("08004", LOGIN.format(text="Cannot open database", number=4061))

    engine = create_engine("postgresql+psycopg://owner:secret@db.example:1433/strata")
    mssql_connection.retry_logins(engine, SimpleNamespace(Error=Refused, connect=connect))
    with pytest.raises(Refused, match=r"at db\.example:1433/strata") as fault:
        engine.connect()
    assert "secret" not in str(fault.value)
    assert numbers(fault.value) == {4061}
