"""G3 over many histories: an account sees its own writes and never goes back in time, whatever the standby does."""

import pytest

from tests.integration.freshness.histories import History
from tests.integration.freshness.modelled import routed

STEPS = 30
SHORT, LONG = 1_000, 100_000


def play(seeds: range) -> None:
    stores = {"hot": 0, "replica": 0}
    with pytest.MonkeyPatch.context() as patch:
        for seed in seeds:
            seen = History(seed, STEPS).run(routed, patch)
            assert not seen.faults, f"seed {seed}: {seen.faults}"
            for store, reads in seen.reads.items():
                stores[store] += reads
    assert min(stores.values()) > sum(stores.values()) / 10, f"the histories test one store only: {stores}"


def test_histories() -> None:
    play(range(SHORT))


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_many_histories() -> None:
    play(range(SHORT, SHORT + LONG))
