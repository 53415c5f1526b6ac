"""Old sets of heads are let go by a newer, signed one alone: any other set that is not there is missed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.audit import head_sets
from core.audit.head_sets import HeadSet
from tests.made_trails import NOW, SIGNER, Trail, made_trail

SETS = 6


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    """A trail with six sets; the newest lets go of numbers 2 to 3."""
    made = made_trail(tmp_path)
    made.keep(4, NOW - timedelta(minutes=50))
    made.keep(5, NOW - timedelta(minutes=40))
    newest = HeadSet(SETS, NOW - timedelta(minutes=30), made.noted[5], dict(made.heads), since=4)
    head_sets.write(made.store, newest, SIGNER)
    made.noted[SETS] = newest.hash
    return made


def whats(trail: Trail) -> list[tuple[str, str]]:
    return [(fault.writer, fault.what) for fault in trail.verify().faults]


@pytest.mark.parametrize("gone", [(), (2,), (3,), (2, 3)])
def test_what_was_let_go_may_be_there_or_not(trail: Trail, gone: tuple[int, ...]) -> None:
    for number in gone:
        trail.store.delete(head_sets.key_of(number))
    assert whats(trail) == []
    assert trail.verify().head_sets == SETS


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (1, "is missing: the first set stays for ever"), (4, "1 set(s) missing from here"),
        (5, "1 set(s) missing from here"),
    ],
)  # fmt: skip
def test_no_other_set_may_go(trail: Trail, number: int, fault: str) -> None:
    trail.store.delete(head_sets.key_of(2))
    trail.store.delete(head_sets.key_of(number))
    assert (head_sets.key_of(number), fault) in whats(trail)


def test_whoever_has_no_key_lets_nothing_go(trail: Trail) -> None:
    forged = HeadSet(7, NOW, trail.noted[SETS], dict(trail.heads), since=7)
    head_sets.write(trail.store, forged, b"a key of my own".ljust(32))
    for number in range(2, 7):
        trail.store.delete(head_sets.key_of(number))
    assert (head_sets.key_of(7), "is not signed with the key") in whats(trail)
    assert any("missing" in what for _, what in whats(trail))


def test_a_set_that_names_no_number_is_what_it_was(trail: Trail) -> None:
    """Sets from before any were let go keep their hash."""
    assert b"since" not in HeadSet(2, NOW, "", {}).body
    assert b'"since": 4' in HeadSet(SETS, NOW, "", {}, since=4).body
