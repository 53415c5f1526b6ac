"""The settings of a process: one faulty start names every fault, and a list of them gives nothing away."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from core.settings import config
from core.settings.described import Described, describe

SECRET = "hunter2hunter2"
ADDRESS = f"postgresql+psycopg://strata:{SECRET}@db.example/strata"
NAMES = ("PRIMARY", "REPLICA", "ARCHIVE_LOGS", "ARCHIVE_VISITS", "ARCHIVE_REPORTS")
NEEDED = {
    **{f"STRATA_{name}_URL": ADDRESS for name in NAMES},
    "STRATA_REDIS_URL": "redis://cache.example",
    "STRATA_STAGING_URL": "file:///staging",
}


def faults(**environ: str) -> list[str]:
    with pytest.raises(config.ConfigError) as refused:
        config.load({**NEEDED, **environ})
    assert refused.value.__context__ is None, "the cause quotes what was typed"
    *lines, mend = str(refused.value).splitlines()
    assert mend == "Start `strata demo`, or see `strata doctor --help`."
    return lines


def test_one_faulty_start_names_every_fault() -> None:
    assert faults(
        STRATA_REDIS_URL=" ",
        STRATA_REPLICA_URL=f"mysql://strata:{SECRET}@db.example/strata",
        STRATA_ARCHIVE_VISITS_URL="mssql+pyodbc://strata@db.example/strata",
        STRATA_LINK="guess",
        STRATA_FIELD_KEYS=SECRET,
        STRATA_REVISIONS_MAX="two",
        STRATA_MODEL_TIMEOUT_SECONDS="0",
        STRATA_TRUSTED_PROXIES="here",
        STRATA_DAY_BUDGET_USD="-1",
        STRATA_PLAIN_HTTP="maybe",
    ) == [
        "STRATA_REPLICA_URL must start with postgresql+psycopg:// or mssql+pyodbc://",
        "STRATA_REDIS_URL is not set: Redis: queue transport, session cache, freshness",
        "STRATA_LINK must be linked_server or polybase",
        "STRATA_FIELD_KEYS must be 32 bytes as base64: make one with `openssl rand -base64 32`",
        "STRATA_TRUSTED_PROXIES must be addresses or networks by comma, such as 10.0.0.5 or 10.1.0.0/16",
        "STRATA_MODEL_TIMEOUT_SECONDS must be a number of seconds above 0",
        "STRATA_REVISIONS_MAX must be a whole number above 0",
        "STRATA_DAY_BUDGET_USD must be an amount of 0 or more",
        "STRATA_PLAIN_HTTP must be 1 or 0",
        "STRATA_ARCHIVE_VISITS_URL is on SQL Server, STRATA_PRIMARY_URL on PostgreSQL:"
        " all servers must run the same engine",
    ]


def test_every_setting_is_listed_with_its_help_and_no_secret() -> None:
    settings = describe(config.load({**NEEDED, "STRATA_SECRET_KEY": SECRET, "OPENAI_API_KEY": SECRET}))
    listed = {one.env: one for one in settings}
    assert len(listed) == len(config.Settings.model_fields)
    assert all(one.help for one in settings)
    assert not [one.env for one in settings if SECRET in one.value]
    assert listed["STRATA_SECRET_KEY"].value == "••••"
    assert listed["STRATA_LOG_HOT_DAYS"] == Described(
        "STRATA_LOG_HOT_DAYS", "7", "access events stay hot this long", True
    )
    assert not listed["STRATA_PRIMARY_URL"].is_default


def test_settings_come_from_the_given_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_LOG_HOT_DAYS", "3")
    assert config.load(NEEDED).log_hot_days == 7
    assert config.load({**NEEDED, "STRATA_LOG_HOT_DAYS": " 5 "}).log_hot_days == 5


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        config.load(NEEDED).log_hot_days = 3
