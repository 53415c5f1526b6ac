"""Rows entered in error and put back while they move, come back and are imported: corrections first."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from core.models import RunState
from tests.integration.archive.test_machine import STEPS_TO_REST, Machine, machine
from workers.archive import driver

__all__ = ["machine"]
# With fewer, two of eight mutants of the upkeep live.
STEPS = 42


def corrects(play: Machine, random: Random) -> None:
    if random.random() < 0.25:
        play.write_a_row_anew(number=random.randrange(1_000), table=random.choice(["observation", "note"]))
        return
    table = random.choice(["observation", "observation", "visit", "note", "prescription"])
    play.enter_in_error_or_undo(number=random.randrange(1_000), table=table)


def moves(play: Machine, random: Random) -> None:
    if not play.is_open():
        play.start_run(batch_rows=random.randrange(1, 8))
    elif play.is_moving():
        play.step(times=random.randrange(1, 12))


def comes_back(play: Machine, random: Random) -> None:
    if not play.is_open():
        play.start_restore(number=random.randrange(1_000), what=random.choice(["patient", "batch", "run"]))


def writes(play: Machine, random: Random) -> None:
    act = random.choice([play.add_late_result, play.import_a_file, play.correct_a_result, play.add_to_a_row])
    act(number=random.randrange(1_000))


def rests(play: Machine) -> None:
    for _ in range(STEPS_TO_REST):
        if play.state() in (None, RunState.DONE):
            return
        driver.advance(play.run_id)  # type: ignore[arg-type]


ACTS: tuple[Callable[[Machine, Random], None], ...] = (corrects, corrects, corrects, moves, moves, comes_back, writes)


@pytest.mark.timeout(1_800)
def test_what_counts_is_the_same_in_every_tier(machine: type[Machine]) -> None:
    play, random = machine(), Random(1)
    for _ in range(STEPS):
        random.choice(ACTS)(play, random)
        play.the_run_stands_where_this_step_has_left_it()
        play.the_picture_is_what_all_tiers_say()
        play.pages_show_what_counts_and_nothing_else()
    rests(play)
    play.sync_replica()
    play.twin.unsettled.clear()
    play.every_row_is_where_it_should_be()
    assert play.errors
