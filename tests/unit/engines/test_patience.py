"""Time-outs grow with the way to a server, as it is measured, between a floor and a ceiling."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url

from core.engines.patience import RECENT, USUAL_CONNECT_SECONDS, USUAL_ROUND_TRIP_SECONDS, Patience

NEAR, FAR = make_url("postgresql://near:5432/strata"), make_url("mssql://far:1433/strata")


def measured(connect: float = 0.0, round_trip: float = 0.0, *, least: float = 1.0, most: float = 5.0) -> Patience:
    patience = Patience(least, most)
    patience.way(NEAR).connects.append(0.01)
    patience.way(FAR).connects.append(connect)
    patience.way(FAR).round_trips.append(round_trip)
    return patience


@pytest.mark.parametrize(
    ("connect", "round_trip", "times"),
    [
        (0.02, 0.001, 1.0),
        (1.0, 0.001, 1.0 / USUAL_CONNECT_SECONDS),
        (0.02, 0.1, 0.1 / USUAL_ROUND_TRIP_SECONDS),
        (60.0, 9.0, 5.0),
    ],
)
def test_time_outs_grow_with_the_way_between_floor_and_ceiling(connect: float, round_trip: float, times: float) -> None:
    patience = measured(connect, round_trip)
    assert patience.times(FAR) == pytest.approx(times)
    assert patience.times(NEAR) == 1.0
    assert patience.times() == patience.times(FAR)


def test_a_floor_holds_for_servers_that_nobody_has_measured() -> None:
    assert measured(least=2.0).times(make_url("postgresql://new/strata")) == 2.0


def test_the_quickest_of_the_last_few_counts() -> None:
    """What takes longer waits in a queue; what was quick long ago says nothing of today's way."""
    patience = measured(connect=0.02)
    patience.way(FAR).connects.append(2.0)
    assert patience.times(FAR) == 1.0
    patience.way(FAR).connects.extend([1.0] * RECENT)
    assert patience.times(FAR) == 1.0 / USUAL_CONNECT_SECONDS


def test_a_connection_that_fails_is_no_measure() -> None:
    patience = Patience(1.0, 5.0)
    with pytest.raises(OSError, match="refused"), patience.connecting(FAR):
        raise OSError("refused")
    assert patience.way(FAR).connect_seconds is None
