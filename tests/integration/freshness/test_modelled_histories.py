"""G3 over many histories: an account sees its own writes and never goes back in time, whatever the standby does."""

import pytest

from tests.integration.freshness.histories import History
from tests.integration.freshness.modelled import routed

STEPS = 30
SHORT, LONG = 1_000, 100_000


def play(seeds: range, *, counts: bool) -> None:
    stores = {"hot": 0, "replica": 0}
    with pytest.MonkeyPatch.context() as patch:
        for seed in seeds:
            seen = History(seed, STEPS, counts=counts).run(routed, patch)
            assert not seen.faults, f"seed {seed}: {seen.faults}"
            for store, reads in seen.reads.items():
                stores[store] += reads
    assert min(stores.values()) > sum(stores.values()) / 10, f"the histories test one store only: {stores}"


@pytest.mark.parametrize("counts", [False, True], ids=["positions of the log", "positions counted"])
def test_histories(counts: bool) -> None:
    play(range(SHORT), counts=counts)


def test_what_is_seen_between_two_raises_of_the_counter() -> None:
    with pytest.MonkeyPatch.context() as patch:
        for seed in range(SHORT):
            seen = History(seed, STEPS, counts=True, is_close=True).run(routed, patch)
            assert not seen.faults, f"seed {seed}: {seen.faults}"


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("counts", [False, True], ids=["positions of the log", "positions counted"])
def test_many_histories(counts: bool) -> None:
    play(range(SHORT, SHORT + LONG), counts=counts)
