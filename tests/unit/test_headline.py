"""The headline benchmark's arithmetic: what it makes of what it measured."""

from __future__ import annotations

import json
import math
import statistics
from datetime import date
from typing import Any

import pytest

from bench.headline import bill, ratios
from bench.headline.arrivals import arrivals
from bench.headline.measure import pages_for
from bench.headline.partitions import bounds
from bench.headline.rows import size


def test_arrivals_are_the_same_for_the_same_seed_and_keep_their_rate() -> None:
    rates = {"browse": 20.0, "register": 5.0}
    found = arrivals(rates, 200.0, 1)
    assert found == arrivals(rates, 200.0, 1) != arrivals(rates, 200.0, 2)
    assert found == sorted(found)
    assert sum(kind == "browse" for _, kind in found) == pytest.approx(4000, rel=0.1)
    assert sum(kind == "register" for _, kind in found) == pytest.approx(1000, rel=0.1)


def test_a_percentile_is_a_value_that_was_seen_and_a_failure_has_no_end() -> None:
    assert ratios.percentile([0.1, 0.2, 0.3, 0.4], 0.5) == 0.2
    assert ratios.percentile([0.1] * 98 + [0.5, math.inf], 0.99) == 0.5
    assert math.isinf(ratios.percentile([0.1, math.inf], 0.99))


def test_the_interval_holds_the_median_and_leaves_out_pairs_without_an_end() -> None:
    pairs = [(1.0, 0.4), (1.0, 0.5), (2.0, 1.2), (1.0, 0.45), (1.0, math.inf)]
    found = ratios.ratio(pairs)
    assert found["pairs"] == 4
    assert found["median"] == round(statistics.median([0.4, 0.5, 0.6, 0.45]), 3)
    assert 0.4 <= found["low"] <= found["median"] <= found["high"] <= 0.6


def test_the_pages_read_most_often_are_kept_first() -> None:
    # A root of one page takes half of the reads, an index most of the rest, a table of many pages few.
    relations = [(1000, 1000), (1, 50_000), (100, 49_000)]
    assert pages_for(relations, 0.5) == pytest.approx(1.0)
    assert pages_for(relations, 0.99) == pytest.approx(101)
    assert pages_for(relations, 0.995) == pytest.approx(601)
    assert pages_for([], 0.99) == 0


def test_partitions_follow_each_other_past_next_year() -> None:
    found = bounds(date(2026, 11, 30))
    assert found == sorted(set(found))
    assert found[0] == date(2017, 1, 1)
    assert found[-1] == date(2027, 10, 1)
    assert date(2025, 4, 1) in found


def test_what_is_archived_is_what_a_sweep_three_weeks_ago_took() -> None:
    small = size(300)
    assert (small.visits, small.events) == (3000, 6000)
    assert small.cold_visits == int(3000 * (1 - 204 / 2920))
    assert small.cold_events == int(6000 * (1 - 7 / 365))


def figures(slope: float) -> dict[str, Any]:
    def one(patients: int) -> dict[str, Any]:
        by_server = {"one server": {"primary": patients * slope}, "tiers": {"primary": 100.0, "replica": 200.0}}
        spent = {"cpu_seconds": patients * slope / 1000, "wal_mb": 1.0}
        return {
            "patients": patients,
            "primary": {"one server": spent, "tiers": {"cpu_seconds": 5.0, "replica_cpu_seconds": 9.0, "wal_mb": 1.0}},
            "memory_mb_for_99_percent": by_server,
            "database_mb": by_server,
        }

    return {"sizes": {"1x": one(10_000), "3x": one(30_000)}}


def test_a_bill_follows_the_line_through_both_sizes() -> None:
    prices = json.loads(bill.PRICES.read_text())
    assert "check" in prices["source"]
    (one,) = bill.needs(figures(1.0), "one server", 50_000)
    assert one.memory_gb == pytest.approx(50_000 / 1024 * bill.SPARE_MEMORY)
    assert one.cores == pytest.approx(50.0 * 5.0 / 1000 / bill.BUSY)
    assert [need.name for need in bill.needs(figures(1.0), "tiers", 50_000)] == ["primary", "replica"]
    usd, lines = bill.total(figures(1.0), "one server", 50_000, prices)
    machine = next(each for each in prices["machines"] if each["memory_gb"] >= one.memory_gb)
    assert usd == pytest.approx(machine["usd_an_hour"] * 730 + one.disk_gb * prices["disk_usd_a_gb_month"]["fast"])
    assert machine["name"] in lines[0]


def test_no_machine_large_enough_is_said() -> None:
    prices = json.loads(bill.PRICES.read_text())
    with pytest.raises(ValueError, match="no machine has"):
        bill.total(figures(1000.0), "one server", 1_500_000, prices)
    none, some = (bill.cost(figures(each), "one server", 1_500_000, prices) for each in (1000.0, 0.01))
    assert none.told.startswith("primary: no machine has")
    assert (none.twice, bill.saved(none, some)) == ("", "")
    assert some.told == f"{some.usd:,.0f}"
