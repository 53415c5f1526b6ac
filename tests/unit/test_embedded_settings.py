"""What embedded servers give up for tests, and for nobody else."""

from __future__ import annotations

import pytest

from core.embedded.postgres_settings import server_settings

CHEAP = ("fsync = 'off'", "full_page_writes = 'off'", "scram_iterations = '1'")


@pytest.mark.parametrize(
    ("major", "durable", "given_up"),
    [(18, True, ()), (18, False, CHEAP), (16, False, CHEAP), (15, False, CHEAP[:2])],
)
def test_only_servers_of_tests_are_cheap(major: int, durable: bool, given_up: tuple[str, ...]) -> None:
    lines = server_settings(5432, major=major, durable=durable).splitlines()
    assert tuple(line for line in CHEAP if line in lines) == given_up
