"""Rules that need no server: where sign-in may lead, how long a guesser waits, what a list's address may say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.access.throttle import ONE_ACCOUNT, ONE_ADDRESS, Limits
from core.queries.alert_measures import NEVER_SECONDS
from core.stores.hot_and_archived import BadCursor, Cursor
from core.web.access import safe_next
from core.web.base_form import stripped
from core.web.guessing import network
from staff_app.operations_alerts import amount


@pytest.mark.parametrize("path", ["/visits", "/visits?older=1", "/results/4", "/reports/2/review#claim-3"])
def test_paths_of_ours_are_safe(path: str) -> None:
    assert safe_next(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None, "", "visits", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)",
        "/visits\r\nSet-Cookie: a=b", "/visits\\..\\x", "\t//evil.example",
    ],
)  # fmt: skip
def test_other_addresses_are_not(path: str | None) -> None:
    assert safe_next(path) is None


@pytest.mark.parametrize("limits", [ONE_ACCOUNT, ONE_ADDRESS])
def test_waiting_grows_and_ends(limits: Limits) -> None:
    waits = [limits.wait_after(failures) for failures in range(40)]
    assert waits[: limits.free + 1] == [0] * (limits.free + 1)
    assert waits[limits.free + 1] == limits.first_seconds
    assert waits == sorted(waits)
    assert waits[-1] == limits.wait_after(10**9) == limits.longest_seconds


def test_a_place_in_a_list_survives_its_address() -> None:
    place = Cursor(datetime(2026, 11, 12, 2, 3, 4, 567, tzinfo=UTC), 42)
    assert Cursor.parse(str(place)) == place


@pytest.mark.parametrize("raw", ["", "_", "2026-01-01_x", "2026-01-01T00:00:00_1", "2026-01-01T00:00:00+00:00_-1"])
def test_a_wrong_place_is_refused(raw: str) -> None:
    with pytest.raises(BadCursor):
        Cursor.parse(raw)


def test_text_fields_lose_their_edges_and_null_bytes() -> None:
    assert stripped("  a\0b ") == "ab"
    assert stripped("   ") is None
    assert stripped(None) is None


@pytest.mark.parametrize(
    ("address", "guesser"),
    [
        ("198.51.100.7", "198.51.100.7"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"), ("::ffff:198.51.100.7", "198.51.100.7"), ("", ""),
    ],
)  # fmt: skip
def test_who_holds_a_network_is_one_guesser(address: str, guesser: str) -> None:
    assert network(address) == guesser


def test_a_store_that_does_not_answer_is_not_late_by_years() -> None:
    assert amount(NEVER_SECONDS, "s") == "no answer"
    assert amount(40.0, "s") == "40 s"


def test_large_amounts_are_written_for_people() -> None:
    assert amount(28_674.7, "days") == "28,675 days"
    assert amount(3.46, "days") == "3.5 days"
