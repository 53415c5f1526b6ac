"""A live server that speaks SQL Server's protocol, for the tests of one file.

STRATA_TEST_MSSQL_URL is its address (mssql+pyodbc://...), with a login that may create databases.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import (
    Engine,
)

from core.engines import mssql_connection
from core.migrations.upgrade import upgrade
from tests import sql_server

ADDRESS = os.environ.get(sql_server.ADDRESS, "")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with sql_server.database(ADDRESS) as address:
        yield address


@pytest.fixture(scope="module")
def engine(server: str) -> Iterator[Engine]:
    made = mssql_connection.make_engine(server, read_only=False, seconds=60)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def babelfish(engine: Engine) -> bool:
    """Whether the server is Babelfish, which lacks what the tests that ask this name."""
    with engine.connect() as connection:
        return "Babelfish" in str(connection.exec_driver_sql("SELECT @@VERSION").scalar())


@pytest.fixture(scope="module")
def schema(engine: Engine) -> Engine:
    with engine.begin() as connection:
        upgrade(connection, "primary")
    return engine
