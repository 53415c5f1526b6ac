"""`strata doctor` names every address of another machine that is spoken to in plain text."""

from __future__ import annotations

import pytest

from commands.doctor import transport
from core.settings import config

HERE = {
    "STRATA_PRIMARY_URL": "postgresql+psycopg://u@localhost/x",
    "STRATA_REPLICA_URL": "postgresql+psycopg://u@127.0.0.1/x",
    "STRATA_ARCHIVE_LOGS_URL": "postgresql+psycopg://u@[::1]/x",
    "STRATA_ARCHIVE_VISITS_URL": "postgresql+psycopg://u@localhost/x",
    "STRATA_ARCHIVE_REPORTS_URL": "postgresql+psycopg://u@localhost/x",
    "STRATA_REDIS_URL": "redis://127.0.0.1",
    "STRATA_STAGING_URL": "file:///tmp/none",
}


def plain(**other: str) -> str:
    [found] = transport.examine(config.load({**HERE, **other}))
    assert found.ok == (found.detail == "by TLS, or on this machine")
    return found.detail.partition("in plain text: ")[2]


def test_this_machine_needs_no_tls() -> None:
    assert plain() == ""


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("STRATA_PRIMARY_URL", "postgresql+psycopg://u@db.example/x"),
        ("STRATA_REPLICA_URL", "postgresql+psycopg://u@db.example/x?sslmode=prefer"),
        ("STRATA_ARCHIVE_LOGS_URL", "postgresql+psycopg://u@10.0.0.4/x"),
        ("STRATA_REDIS_URL", "redis://cache.example"),
        ("OPENAI_BASE_URL", "http://models.example/v1"),
    ],
)
def test_an_address_elsewhere_without_tls_is_named(name: str, url: str) -> None:
    assert plain(**{name: url}) == name


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("STRATA_PRIMARY_URL", "postgresql+psycopg://u@db.example/x?sslmode=verify-full"),
        ("STRATA_ARCHIVE_LOGS_URL", "postgresql+psycopg://u@10.0.0.4/x?sslmode=require"),
        ("STRATA_REDIS_URL", "rediss://cache.example"),
        ("OPENAI_BASE_URL", "https://models.example/v1"),
    ],
)
def test_an_address_elsewhere_with_tls_is_not(name: str, url: str) -> None:
    assert plain(**{name: url}) == ""


def test_sql_server_speaks_tls_unless_its_address_says_no() -> None:
    urls = {name: "mssql+pyodbc://u@db.example/x" for name, url in HERE.items() if url.startswith("postgresql")}
    assert plain(**urls) == ""
    assert plain(**{**urls, "STRATA_PRIMARY_URL": "mssql+pyodbc://u@db.example/x?Encrypt=no"}) == "STRATA_PRIMARY_URL"
