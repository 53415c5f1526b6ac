"""A thousand random alterations of a trail by whoever has database and store, and no key: each is found, and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.audit import head_sets
from core.audit.head_sets import PREFIX
from core.sealing import signatures
from core.settings.parsing import PROCESS_KINDS
from tests.made_trails import KEYS, LONGEST, NOW, SIGNER, Event, Trail, made_trail
from tests.trail_alterations import OF_EVENTS, OF_SETS, Forger

TRIES = 1_000
ALTERATIONS = (*OF_EVENTS, *OF_SETS)
PUBLIC = [signatures.public_of(SIGNER)]


@pytest.fixture
def trail(tmp_path: Path) -> Callable[[], Trail]:
    """Makes whole trails, all alike."""
    made = made_trail(tmp_path)
    sets = {path.name: path.read_bytes() for path in (tmp_path / PREFIX).iterdir()}

    def again() -> Trail:
        for path in (tmp_path / PREFIX).iterdir():
            path.unlink()
        for name, content in sets.items():
            (tmp_path / PREFIX / name).write_bytes(content)
        events = [Event(dict(event.values), event.hash) for event in made.events]
        return Trail(made.store, events, dict(made.heads), dict(made.noted))

    return again


def test_a_whole_trail_holds(trail: Callable[[], Trail]) -> None:
    verdict = trail().verify()
    assert verdict.faults == ()
    assert (verdict.events, verdict.unkeyed, verdict.head_sets) == (44, 4, 3)


def missed(trail: Callable[[], Trail], holder: str | None, tries: int) -> list[tuple[int, str, str]]:
    """The alterations that verifying did not find, or not where they are."""
    chance, unseen = Forger(17, holder), []
    for number in range(tries):
        altered = trail()
        alter = ALTERATIONS[number % len(ALTERATIONS)]
        where = alter(altered, chance)
        faults = altered.verify().faults
        if not any(fault.writer.startswith(where) and fault.what for fault in faults):
            unseen.append((number, alter.__name__, where))
    return unseen


def test_every_alteration_is_found_where_it_is(trail: Callable[[], Trail]) -> None:
    assert missed(trail, None, TRIES) == []


@pytest.mark.parametrize("holder", PROCESS_KINDS)
def test_whoever_has_the_key_of_one_process_alters_nothing_that_was_kept(
    trail: Callable[[], Trail], holder: str
) -> None:
    """Not even its own events: the heads cover them."""
    assert missed(trail, holder, TRIES // 10) == []


@pytest.mark.long
@pytest.mark.parametrize("holder", PROCESS_KINDS)
def test_a_thousand_alterations_under_each_key(trail: Callable[[], Trail], holder: str) -> None:
    assert missed(trail, holder, TRIES) == []


def test_heads_that_are_no_longer_kept_are_missed(trail: Callable[[], Trail]) -> None:
    (fault,) = trail().verify(NOW + LONGEST).faults
    assert fault.what.startswith("no heads were kept since 2026-11-12 00:59")


@pytest.mark.parametrize("bit", [0, 1, 5])
def test_no_letter_of_a_kept_set_is_another(trail: Callable[[], Trail], bit: int) -> None:
    """Also not where another text stands for the same time or signature."""
    made = trail()
    path = made.store.root / f"{PREFIX}00000001.json"
    whole, unseen = path.read_bytes(), []
    for place in range(len(whole)):
        altered = bytearray(whole)
        altered[place] ^= 1 << bit
        path.write_bytes(altered)
        try:
            head_sets.read(made.store, 1, PUBLIC)
        except head_sets.NotASet:
            continue
        unseen.append(place)
    assert unseen == []


def test_another_kinds_key_proves_nothing(trail: Callable[[], Trail]) -> None:
    made = trail()
    made.write("staff-a-1-0a1b2c3d4e5f", key=KEYS["archiver"][0])
    assert [fault.what for fault in made.verify().faults] == ["was altered"]
