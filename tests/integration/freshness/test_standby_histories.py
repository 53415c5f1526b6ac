"""G3 on the real standby: written, read and judged through the code that pages use."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update

from core.models import Patient
from core.stores import databases, redis
from core.stores.databases import Store
from core.stores.freshness import Positions, primary_position
from core.stores.page_reads import Reader, page_read
from tests.integration.freshness.histories import Seen
from tests.tiers import Tiers

ACCOUNTS, STEPS = 3, 12
KEY = "phone"


@pytest.fixture
def patient_id(watched: Any, sync_replica: Callable[[], None]) -> int:
    """A patient whose telephone number counts its changes."""
    with databases.write() as session:
        patient = Patient(name="Tan Mei Ling", sex="female", birth_on=date(1961, 3, 14), phone="0")
        session.add(patient)
        session.flush()
    sync_replica()
    return patient.id


class Player:
    """Accounts that write and read one patient's number, in any order."""

    def __init__(self, patient_id: int, seed: int, faults: list[Callable[[], None]]) -> None:
        self.patient_id = patient_id
        self.chance = random.Random(seed)
        self.faults = faults
        self.seen = Seen()
        self.version = 0

    def history(self) -> None:
        acts = [self.write, self.read, self.read, self.read]
        for step in range(STEPS):
            if self.faults and step == STEPS // 2:
                self.chance.choice(self.faults)()
            self.chance.choice(acts)(self.chance.randrange(1, ACCOUNTS + 1))

    def write(self, account: int) -> None:
        self.version += 1
        with databases.write() as session:
            session.execute(update(Patient).where(Patient.id == self.patient_id).values(phone=str(self.version)))
        Positions(redis.client(), "public").raise_to(account, primary_position())
        self.seen.wrote(account, KEY, self.version)

    def read(self, account: int) -> None:
        with page_read(Positions(redis.client(), "public"), Reader(account)) as session:
            version = session.scalar(select(Patient.phone).where(Patient.id == self.patient_id))
        assert not session.info["may_be_behind"]
        self.seen.saw(account, KEY, int(version or 0), session.info["store"])


def play(patient_id: int, histories: int, faults: list[Callable[[], None]]) -> Seen:
    player = Player(patient_id, 7, faults)
    for _ in range(histories):
        player.history()
    assert not player.seen.faults, player.seen.faults
    return player.seen


def every(times: int, act: Callable[[], None]) -> Callable[[], None]:
    """Do it at each so-many-th call only: a rebuild takes seconds."""
    calls = iter(range(1_000_000))
    return lambda: act() if next(calls) % times == times - 1 else None


@pytest.mark.only_on_postgresql("has a standby apply commits late")
@pytest.mark.parametrize(("seconds", "histories"), [(0, 40), (2, 20)])
def test_apply_delays(patient_id: int, delay: Callable[[float], None], seconds: float, histories: int) -> None:
    delay(seconds)
    seen = play(patient_id, histories, [])
    assert seen.reads[Store.HOT]


def test_paused_replay(patient_id: int, tiers: Tiers) -> None:
    """However long it lasts: no read waits for time to pass, only for positions."""
    seen = play(patient_id, 30, [tiers.replica.pause_replay, tiers.replica.resume_replay])
    assert seen.reads[Store.HOT]


@pytest.mark.only_on_postgresql("has a standby apply commits late")
@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seconds", [0, 2])
def test_many_histories(patient_id: int, delay: Callable[[float], None], tiers: Tiers, seconds: float) -> None:
    delay(seconds)
    replica = tiers.replica

    def if_up(act: Callable[[], None]) -> Callable[[], None]:
        return lambda: act() if replica.running else replica.start()

    def restart() -> None:
        replica.kill()
        replica.start()

    def rebuild() -> None:
        replica.kill()
        replica.rebuild()

    faults = [if_up(replica.pause_replay), if_up(replica.resume_replay), every(8, restart), every(12, rebuild)]
    seen = play(patient_id, 400, [*faults, every(6, replica.kill), replica.start])
    assert seen.reads[Store.HOT]
    assert seen.reads[Store.REPLICA]
