"""`strata init --print-grants`: one script by process, for each engine, as a parser of T-SQL takes it."""

from __future__ import annotations

import re

import pytest
import sqlglot
from click.testing import CliRunner

from commands.init import init
from core.install import rights_script
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
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


def test_on_sql_server_it_is_t_sql() -> None:
    # The parser does not know a call by name within IF.
    told = [one for one in script("mssql+pyodbc") if not one.startswith("--") and "sp_executesql" not in one]
    assert told
    for statement in told:
        assert sqlglot.parse(statement, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)


def test_on_sql_server_each_process_has_its_role_and_what_only_the_server_gives() -> None:
    said = script("mssql+pyodbc")
    roles = {f"ALTER ROLE {role} ADD MEMBER [clinic-one_{role.kind}_login]" for role in DatabaseRole}
    assert roles - set(said) == set()
    sees = [one for one in said if "PERFORMANCE STATE" in one]
    assert [re.findall(r"TO \[([^]]+)\]", one)[0] for one in sees] == [
        "strata_owner", "clinic-one_worker_login", "clinic-one_archiver_login"
    ]  # fmt: skip
    assert all("GRANT VIEW SERVER STATE" in one and "master.sys.sp_executesql" in one for one in sees)
    readers = [re.findall(r"one_(\w+)_login", one)[0] for one in said if "db_datareader" in one]
    assert readers == [role.kind for role in DatabaseRole if role != DatabaseRole.PUBLIC] * 3
    writers = [one for one in said if "db_datawriter" in one]
    assert writers == ["ALTER ROLE db_datawriter ADD MEMBER [clinic-one_archiver_login]"] * 3


def test_on_postgresql_each_process_that_reads_archives_has_its_role_there_and_one_writes() -> None:
    said = script("postgresql+psycopg")
    logins = [re.findall(r'"clinic-one_(\w+)_login" LOGIN IN ROLE (\w+) ', one) for one in said]
    found = [login for one in logins for login in one]
    everywhere = [(role.kind, str(role)) for role in DatabaseRole]
    assert found == everywhere + [pair for pair in everywhere if pair[0] != "public"] * 3
    assert [role for role, verbs in GRANTS.archived.items() if set(verbs) != {"SELECT"}] == [DatabaseRole.ARCHIVER]


@pytest.mark.parametrize("scheme", ["mssql+pyodbc", "postgresql+psycopg"])
def test_it_asks_no_server_and_shows_no_password_that_is_in_use(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "configured", databases.Databases(settings(scheme)))
    printed = CliRunner().invoke(init, ["--print-grants"])
    assert printed.exit_code == 0, printed.output
    assert "'old'" not in printed.stdout
    assert all(line.startswith("--") or line.endswith(";") for line in printed.stdout.splitlines())
