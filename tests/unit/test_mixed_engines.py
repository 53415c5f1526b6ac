"""All databases run the same engine; which one is nobody's business but the adapter's."""

from __future__ import annotations

import pytest

from core.settings import config

NAMES = ("PRIMARY", "REPLICA", "ARCHIVE_LOGS", "ARCHIVE_VISITS", "ARCHIVE_REPORTS")
POSTGRESQL, SQL_SERVER = "postgresql+psycopg://a@b/c", "mssql+pyodbc://a@b/c"


def environ(**urls: str) -> dict[str, str]:
    addresses = {f"STRATA_{name}_URL": urls.get(name, POSTGRESQL) for name in NAMES}
    return {**addresses, "STRATA_REDIS_URL": "redis://localhost", "STRATA_STAGING_URL": "file:///tmp/staging"}


def test_one_of_each_is_refused_with_every_address_that_differs() -> None:
    with pytest.raises(config.ConfigError) as refused:
        config.load(environ(PRIMARY=SQL_SERVER, REPLICA=SQL_SERVER, ARCHIVE_LOGS=SQL_SERVER))
    lines = str(refused.value).splitlines()
    assert lines[0] == (
        "STRATA_ARCHIVE_VISITS_URL is on PostgreSQL, STRATA_PRIMARY_URL on SQL Server:"
        " all servers must run the same engine"
    )
    assert [line.split()[0] for line in lines[:-1]] == ["STRATA_ARCHIVE_VISITS_URL", "STRATA_ARCHIVE_REPORTS_URL"]


@pytest.mark.parametrize("url", [POSTGRESQL, SQL_SERVER])
def test_all_of_one_are_taken(url: str) -> None:
    assert config.load(environ(**dict.fromkeys(NAMES, url))).primary_url == url
