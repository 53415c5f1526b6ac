"""A fault matrix is worth what its places are worth: each one is on a run's way."""

import pytest

from core import failpoints
from tests.integration.archive.conftest import run_to_end


@pytest.mark.usefixtures("population")
def test_each_listed_place_is_reached_by_a_run() -> None:
    with failpoints.recorded() as reached:
        run_to_end()
    assert reached == set(failpoints.NAMES)
