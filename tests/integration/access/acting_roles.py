"""A process that acts in the role of its kind, with that role's logins on every server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.engine import Connection

from core import audit
from core.audit import Origin
from core.install import archive_readers, setup
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.models import Patient
from core.models.record_types import SERVERS
from core.settings.config import Settings
from core.stores import databases
from tests.factories import (
    make_account,
    make_assay,
    make_note,
    make_observation,
    make_patient,
    make_visit,
)
from tests.ready_report import make_ready_report, sign_ready_report

REFUSED = "permission denied|permission was denied|must be owner|you do not have permission"


@pytest.fixture(scope="module")
def urls(settings: Settings) -> dict[DatabaseRole, str]:
    """The primary's address with a login of each role."""
    databases.configure(settings)
    logins = {role: f"test_{role}" for role in DatabaseRole}
    return {
        role: archive_readers.as_login(settings.primary_url, name, setup.make_login(name, role))
        for role, name in logins.items()
    }


def of_archives(settings: Settings, role: DatabaseRole, login: URL) -> dict[str, str]:
    """The archives' addresses as the role has them. On SQL Server an administrator makes its logins there."""
    if role not in GRANTS.archived or not settings.primary_url.startswith("postgresql"):
        return {}
    name, password = str(login.username), str(login.password)
    found = {}
    for server in SERVERS:
        setup.make_archive_login(server, name, role, password)
        found[f"archive_{server}_url"] = archive_readers.as_login(settings.archive_url(server), name, password)
    return found


@pytest.fixture
def acting(database: Settings, urls: dict[DatabaseRole, str], sync_replica: Callable[[], None]) -> Iterator[Any]:
    """Makes this process one of the role's, with its login on the primary, the replica and the archives."""

    def act(role: DatabaseRole) -> Settings:
        sync_replica()
        login = make_url(urls[role])
        replica = make_url(database.replica_url).set(username=login.username, password=login.password)
        databases.configure(database)
        own = of_archives(database, role, login)
        settings = database.model_copy(
            update={"primary_url": urls[role], "replica_url": replica.render_as_string(hide_password=False), **own}
        )
        databases.configure(settings)
        audit.origin.set(Origin(role.kind))
        return settings

    before = audit.origin.set(audit.origin.get())
    yield act
    audit.origin.reset(before)
    databases.configure(database)


def connected(url: str) -> Connection:
    return create_engine(url).connect()


@pytest.fixture
def patient(database: Settings) -> Patient:
    """With a visit, results, a signed report and a draft."""
    with databases.write() as session:
        made = make_patient(session)
        visit = make_visit(session, made)
        make_note(session, visit)
        make_observation(session, visit, make_assay(session))
        doctor = make_account(session)
        signed = make_ready_report(session, made, doctor)
    sign_ready_report(signed, doctor)
    with databases.write() as session:
        other = make_patient(session, name="Lim Ah Kow")
        make_ready_report(session, other, doctor)
    return made
