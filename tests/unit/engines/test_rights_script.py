"""`strata init --print-grants`: one script by process, for each engine, as a parser of T-SQL takes it."""

from __future__ import annotations

import re

import pytest
import sqlglot
from click.testing import CliRunner

from commands.init import init
from core.install import rights_script
from core.install.database_roles import DatabaseRole
from core.settings import config
from core.settings.config import Settings
from core.stores import databases


def settings(scheme: str) -> Settings:
    urls = {
        "STRATA_PRIMARY_URL": f"{scheme}://strata_owner:old@db:1433/clinic-one",
        "STRATA_REPLICA_URL": f"{scheme}://strata_owner:old@db:1433/clinic-one",
        **{f"STRATA_ARCHIVE_{name}_URL": f"{scheme}://strata_owner:old@archive:1433/{name.lower()}" for name in
           ("LOGS", "VISITS", "REPORTS")},
    }  # fmt: skip
    return config.load(urls | {"STRATA_REDIS_URL": "redis://localhost", "STRATA_STAGING_URL": "file:///tmp/none"})


def script(scheme: str) -> list[str]:
    return list(rights_script.statements(settings(scheme)))


def test_on_sql_server_each_process_has_its_role_and_what_only_the_server_gives() -> None:
    said = script("mssql+pyodbc")
    for statement in said:
        # The parser does not know a call by name within IF.
        if not statement.startswith("--") and "sp_executesql" not in statement:
            assert sqlglot.parse(statement, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)
    for role in DatabaseRole:
        assert f"ALTER ROLE {role} ADD MEMBER [clinic-one_{role.kind}_login]" in said
    sees = [one for one in said if "PERFORMANCE STATE" in one]
    assert [re.findall(r"TO \[([^]]+)\]", one)[0] for one in sees] == [
        "strata_owner", "clinic-one_worker_login", "clinic-one_archiver_login"
    ]  # fmt: skip
    assert all("GRANT VIEW SERVER STATE" in one and "master.sys.sp_executesql" in one for one in sees)
    writers = [one for one in said if "db_datawriter" in one]
    assert writers == ["ALTER ROLE db_datawriter ADD MEMBER [clinic-one_archiver_login]"] * 3


def test_on_postgresql_only_the_archiver_writes_on_archives() -> None:
    said = script("postgresql+psycopg")
    granted = [one for one in said if one.startswith("GRANT SELECT, INSERT")]
    assert (
        granted
        == ['GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "clinic-one_archiver_login"'] * 3
    )
    assert any("IN ROLE strata_public PASSWORD '" in one for one in said)


@pytest.mark.parametrize("scheme", ["mssql+pyodbc", "postgresql+psycopg"])
def test_it_asks_no_server_and_shows_no_password_that_is_in_use(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "configured", databases.Databases(settings(scheme)))
    printed = CliRunner().invoke(init, ["--print-grants"])
    assert printed.exit_code == 0, printed.output
    assert "'old'" not in printed.stdout
    assert all(line.startswith("--") or line.endswith(";") for line in printed.stdout.splitlines())
