"""`strata doctor` as each process runs it: it wants the process' own login of each server, and no owner's."""

from __future__ import annotations

from typing import Any

import pytest

from commands.doctor import database_servers
from commands.doctor.finding import Finding
from core.install import archive_readers
from core.install.database_roles import DatabaseRole
from core.models.record_types import SERVERS
from core.settings.config import Settings
from core.stores import databases
from tests.integration.access.acting_roles import acting, urls  # noqa: F401 - fixtures


def test_the_doctor_knows_a_login_for_a_process(acting: Any) -> None:  # noqa: F811
    found = {finding.subject: finding for finding in database_servers.examine(acting(DatabaseRole.PUBLIC))}
    assert found["primary: privileges"].ok
    assert "strata_public" in found["primary: privileges"].detail
    assert found["primary: schema"].ok


def test_the_doctor_wants_no_owners_login_of_archives_for_a_process(
    database: Settings,
    acting: Any,  # noqa: F811
    engine_name: str,
) -> None:
    """The patients' portal has none at all."""
    if engine_name == "mssql":
        pytest.skip("SQL Server: an administrator makes its logins of archives")
    wide = {f"archive_{server}_url": database.archive_url(server) for server in SERVERS}
    nobody = {name: archive_readers.as_login(url, "no_login", "") for name, url in wide.items()}
    for role in DatabaseRole:
        narrow = acting(role)
        if role is DatabaseRole.PUBLIC:
            narrow = narrow.model_copy(update=nobody)
        assert all(one.ok for one in of_archives(narrow)), (role, of_archives(narrow))
        assert judged(of_archives(narrow)) == [True] * 3, role
        assert judged(of_archives(narrow.model_copy(update=wide))) == [False] * 3, role


def of_archives(settings: Settings) -> list[Finding]:
    databases.configure(settings)
    return [one for one in database_servers.examine(settings) if one.subject.startswith("archive")]


def judged(found: list[Finding]) -> list[bool]:
    """Whether each archive's login, or the privileges of it, is in order."""
    return [one.ok for one in found if one.subject.endswith((": login", ": privileges"))]
