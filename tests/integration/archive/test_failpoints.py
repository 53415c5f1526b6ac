"""A fault matrix is worth what its places are worth: each one is on the way of a run, a restore or a purge."""

from collections.abc import Callable

import pytest

from core.archiving import failpoints
from core.services import archive_restore
from core.stores import databases
from tests.integration.archive.conftest import run_to_end
from tests.integration.archive.journeys import JOURNEYS, come_to_the_end


@pytest.mark.usefixtures("population")
def test_each_listed_place_is_reached(with_settings: Callable[..., None]) -> None:
    with_settings(restored_grace_seconds=0.01)
    with failpoints.recorded() as reached:
        archived = run_to_end().id
        with databases.write() as session:
            restored = archive_restore.start_run_restore(session, run_id=archived, by=None).id
        come_to_the_end(restored)
        JOURNEYS["purge"].end(restored)
    assert reached == set(failpoints.NAMES)
