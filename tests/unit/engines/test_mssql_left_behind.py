"""What SQL Server is asked of modules that run with another's rights: those of ours alone may."""

from __future__ import annotations

from typing import Any

from core.engines import mssql_restoring, mssql_roles
from core.install.grants import GRANTS
from tests.unit.engines.sent_statements import Sent, parsed, sent


class Answers(Sent):
    """A server with these modules."""

    def scalars(self, *_: Any) -> list[str]:
        return ["dbo.planted", "restoring.visit", "restoring.planted"]

    def exec_driver_sql(self, statement: str, *_: Any, **__: Any) -> Any:
        self._keep(statement)
        return self


def test_modules_that_run_with_anothers_rights_are_asked_for() -> None:
    assert parsed([mssql_roles.RUNS_AS_ANOTHER]) == [
        "SELECT CONCAT(OBJECT_SCHEMA_NAME(m.object_id), '.', OBJECT_NAME(m.object_id)) FROM sys.sql_modules m"
        " WHERE m.execute_as_principal_id IS NOT NULL ORDER BY 1"
    ]


def test_none_but_those_that_bring_rows_back_may() -> None:
    connection = Answers()
    found = mssql_roles.left_behind(sent(connection), GRANTS)
    assert connection.statements == [mssql_roles.RUNS_AS_ANOTHER]
    assert [line.partition(":")[0] for line in found] == ["dbo.planted", "restoring.planted"]


def test_every_module_that_is_made_so_is_of_ours() -> None:
    """Each names its tables with their schema: there is no path by which its caller could choose another."""
    made = [one for one in mssql_restoring.statements(GRANTS.brings_back) if "EXECUTE AS OWNER" in one]
    assert made
    assert all(" INTO dbo." in one and "SCHEMA_ID" not in one for one in made)
