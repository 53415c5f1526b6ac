"""Each writer keeps the picture equal to what all tiers say."""

from __future__ import annotations

import threading
import zlib
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update

from core.models import Observation, PatientPicture, SensitiveVisit, Sensitivity, Visit
from core.picture import rebuild, upkeep
from core.picture.packed import unpack
from core.queries.newest import newest
from core.stores import archived, databases
from core.stores.databases import Store
from tests.integration.archive.conftest import NOW, populate, run_to_end

pytestmark = pytest.mark.usefixtures("population")


@pytest.fixture
def population(database: Any) -> list[int]:
    """Patients with pictures; of the eight visits of each, those older than half a year are archived."""
    patients = populate()
    rebuild.rebuild_all()
    run_to_end()
    return patients


def told(patient_id: int) -> list[int]:
    """The observations in the picture."""
    with databases.read(Store.HOT) as session:
        return [value.id for value in unpack(session.get_one(PatientPicture, patient_id).content)]


def is_stale(patient_id: int) -> bool:
    with databases.read(Store.HOT) as session:
        return session.get_one(PatientPicture, patient_id).stale_at is not None


def newest_ids(patient_id: int) -> list[int]:
    """Hot ones, newest first."""
    with databases.read(Store.HOT) as session:
        query = select(Observation.id).where(Observation.patient_id == patient_id)
        return list(session.scalars(query.order_by(Observation.observed_at.desc(), Observation.id.desc())))


def remove(patient_id: int, ids: list[int]) -> None:
    with databases.write() as session:
        session.execute(delete(Observation).where(Observation.id.in_(ids)))
        upkeep.refresh(session, patient_id, observation_ids=ids)


@pytest.fixture
def silent_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: Any, **__: Any) -> None:
        raise archived.ColdUnavailable("visits", "a test stopped it")

    monkeypatch.setattr(archived, "fetch", silent)


def test_a_move_changes_nothing(population: list[int]) -> None:
    assert rebuild.differences(population) == []
    with databases.read(Store.HOT) as session:
        assert session.scalar(text("SELECT count(*) FROM observation")) < 3 * 8


@pytest.mark.parametrize("content", [b"zz", zlib.compress(b"[1, {}]")])
def test_a_picture_that_is_none_is_read_and_written_as_one_that_was_never_built(
    population: list[int], content: bytes
) -> None:
    patient_id = population[0]
    with databases.write() as session:
        session.execute(update(PatientPicture).where(PatientPicture.patient_id == patient_id).values(content=content))
    assert [one.patient_id for one in rebuild.differences(population)] == [patient_id]
    hot = newest_ids(patient_id)
    with databases.read(Store.HOT) as session:
        shown = newest(session, patient_id)
    assert shown.is_incomplete
    assert {value.id for one in shown.assays for value in one.latest} <= set(hot)
    assert shown.assays
    remove(patient_id, hot[:1])
    assert is_stale(patient_id)
    rebuild.rebuild(rebuild.stale())
    assert not is_stale(patient_id)
    assert rebuild.differences(population) == []


def test_a_new_result_comes_first(population: list[int]) -> None:
    with databases.write() as session:
        new = Observation(patient_id=population[0], assay_id=1, value_number=Decimal(9), observed_at=NOW)
        session.add(new)
        session.flush()
        upkeep.refresh(session, population[0], observation_ids=[new.id])
    assert new.id in told(population[0])
    assert rebuild.differences(population) == []


def test_a_removal_brings_older_values_from_the_archive(population: list[int]) -> None:
    remove(population[0], newest_ids(population[0])[:2])
    assert not is_stale(population[0])
    assert len(told(population[0])) == 3
    assert rebuild.differences(population) == []


@pytest.mark.usefixtures("silent_archive")
def test_a_removal_while_the_archive_is_silent_is_stale_until_it_is_rebuilt(population: list[int]) -> None:
    patient_id = population[0]
    remove(patient_id, newest_ids(patient_id)[:2])
    assert is_stale(patient_id)
    remove(patient_id, told(patient_id)[:1])
    assert rebuild.stale() == [patient_id]
    assert rebuild.rebuild(rebuild.stale()) == 1
    assert not is_stale(patient_id)
    assert rebuild.differences(population) == []


def test_what_a_visit_kept_apart_hides_leaves_enough_of_the_others(population: list[int]) -> None:
    patient_id = population[0]
    with databases.write() as session:
        for visit_id in session.scalars(select(Visit.id).where(Visit.patient_id == patient_id)).all()[:3]:
            session.add(SensitiveVisit(visit_id=visit_id, patient_id=patient_id, category=Sensitivity.OTHER, set_by=1))
        upkeep.refresh_all(session, patient_id)
    assert len(told(patient_id)) == 6
    assert rebuild.differences(population) == []


def test_a_writer_without_a_picture_leaves_one_that_waits(population: list[int]) -> None:
    with databases.write() as session:
        session.execute(delete(PatientPicture).where(PatientPicture.patient_id == population[0]))
    with databases.write() as session:
        upkeep.refresh(session, population[0], observation_ids=newest_ids(population[0])[:1])
    assert is_stale(population[0])
    rebuild.rebuild([population[0]])
    assert rebuild.differences(population) == []


def test_a_rebuild_leaves_alone_what_is_written_meanwhile(
    population: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = rebuild.full_read.all_tiers

    def read_and_be_overtaken(session: Any, patient_ids: Any) -> Any:
        pictures = read(session, patient_ids)
        remove(population[0], newest_ids(population[0])[:1])
        return pictures

    monkeypatch.setattr(rebuild.full_read, "all_tiers", read_and_be_overtaken)
    assert rebuild.rebuild(population) == len(population) - 1
    monkeypatch.undo()
    assert rebuild.differences(population) == []


def test_a_difference_is_told(population: list[int]) -> None:
    with databases.write() as session:
        session.execute(update(Observation).values(value_number=Decimal(99)))
    assert [one.patient_id for one in rebuild.differences(population)] == population


def add(patient_id: int, hours: int) -> None:
    with databases.write() as session:
        _add(session, patient_id, hours)


def _add(session: Any, patient_id: int, hours: int) -> None:
    new = Observation(
        patient_id=patient_id, assay_id=1, value_number=Decimal(1), observed_at=NOW + timedelta(hours=hours)
    )
    session.add(new)
    session.flush()
    upkeep.refresh(session, patient_id, observation_ids=[new.id])


def test_two_writers_of_one_patient_take_turns(population: list[int]) -> None:
    """The second one waits for the first, and builds on what it wrote."""
    second = threading.Thread(target=add, args=(population[0], 2))
    with databases.write() as session:
        _add(session, population[0], 1)
        second.start()
        second.join(0.5)
        assert second.is_alive()
    second.join()
    assert rebuild.differences(population) == []
