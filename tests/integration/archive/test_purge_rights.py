"""A process that can't see the snapshots of others purges nothing, and says which right it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import make_url, select, text

from core.install import archive_readers, setup
from core.install.database_roles import DatabaseRole
from core.models import Step
from core.services import archive_restore as restores
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from tests.integration.archive.conftest import run_to_end
from tests.integration.archive.test_restore import copies, restore_to_end
from workers.archive import purge

LOGIN = "test_purger"


def as_owner(*statements: str) -> None:
    with databases.write_at_once() as owner:
        for statement in statements:
            owner.execute(text(statement))


@pytest.fixture
def blind(database: Settings) -> Iterator[Settings]:
    """A login of the archive's workers without the right to see sessions."""
    login = archive_readers.as_login(database.primary_url, LOGIN, setup.make_login(LOGIN, DatabaseRole.ARCHIVER))
    as_owner(f"REVOKE pg_read_all_stats FROM {DatabaseRole.ARCHIVER}")
    yield database.model_copy(update={"primary_url": login, "replica_url": _at(database.replica_url, login)})
    databases.configure(database)
    as_owner(f"GRANT pg_read_all_stats TO {DatabaseRole.ARCHIVER}")


def _at(replica: str, login: str) -> str:
    who = make_url(login)
    return make_url(replica).set(username=who.username, password=who.password).render_as_string(hide_password=False)


def said() -> list[tuple[str, str | None]]:
    with databases.read(Store.HOT) as session:
        of_purge = select(Step.cause, Step.fault).where(Step.name == "purge").order_by(Step.id)
        return [(cause, fault) for cause, fault in session.execute(of_purge)]


@pytest.mark.only_on_postgresql("grants in its words; what SQL Server refuses, the stand-in does")
@pytest.mark.usefixtures("population")
def test_a_purge_without_the_right_says_what_to_grant(
    blind: Settings, database: Settings, sync_replica: Callable[[], None]
) -> None:
    run = run_to_end()
    restore_to_end(restores.start_run_restore, run_id=run.id)
    sync_replica()
    before = copies()
    databases.configure(blind.model_copy(update={"restored_grace_seconds": 0.0}))
    told = purge.purge_restored()
    assert told.startswith("not before a right is given: ")
    assert told.endswith(f'as an administrator, GRANT pg_read_all_stats TO "{LOGIN}"')
    assert purge.purge_restored() == told
    assert copies() == before > 0
    # Each of the three restores says so once, however often it is asked.
    assert [fault for _, fault in said()] == ["right missing"] * 3
    assert all(LOGIN in (cause or "") for cause, _ in said())
    databases.configure(database.model_copy(update={"restored_grace_seconds": 0.0}))
    assert "3 of 3" in purge.purge_restored()
    assert copies() == 0
