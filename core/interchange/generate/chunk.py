"""A chunk of patients: their stories go to disk, laid by day, they themselves to the primary, in whichever process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.interchange.generate import marks, story
from core.interchange.generate.copy_columns import COLUMNS, blocks
from core.interchange.generate.identities import Identity
from core.interchange.generate.laid import Folder
from core.interchange.generate.marks import Phase
from core.interchange.generate.places import Setting
from core.models import Base, Holding, PatientPicture
from core.picture import rebuild, upkeep
from core.sealing import stored_national_id
from core.settings.config import Settings
from core.stores import databases

STATEMENT_TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some patients, with the ids reserved for them. `loaded`: they are on the primary already."""

    generation_id: int
    seed: int
    number: int
    people: tuple[Identity, ...]
    first_patient_id: int
    visits: int
    loaded: bool = False


@dataclass(slots=True)
class Written:
    """The lines of a chunk: patients, their allergies, and visits by the number of their day."""

    patients: list[str]
    allergies: list[str]
    by_day: dict[int, list[str]]


def prepare(settings: Settings) -> None:
    """Set up a worker process: its own connections, and Ctrl-C left to the parent, so that its chunk ends whole.

    It ends with its parent, however that ends.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    databases.configure(settings)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def write(chunk: Chunk, setting: Setting, folder: Folder) -> Written:
    """The lines of a chunk; the same for the same seed, number, identities and ids."""
    rng = Random(f"{chunk.seed}/{chunk.number}")
    written = Written([], [], {})
    people = [story.person(rng, who, setting.as_of) for who in chunk.people]
    for ordinal, (one, visits) in enumerate(zip(people, story.shares(people, chunk.visits), strict=True)):
        line, chart = story.write(rng, one, chunk.first_patient_id + ordinal, visits, setting)
        written.patients.append(line)
        written.allergies += chart.allergies
        for day, lines in zip(chart.days, chart.visits, strict=True):
            written.by_day.setdefault(folder.day_number(day), []).append("\n".join(lines))
    return written


def load(chunk: Chunk, setting: Setting, folder: Folder) -> dict[str, int]:
    """Put a chunk's visits on disk and its patients on the primary, these all or nothing; gives the rows by table."""
    written = write(chunk, setting, folder)
    folder.write(chunk.number, written.by_day)
    if chunk.loaded:
        return {}
    copy_in = databases.current().adapter.loading.copy_in
    sealed = (*COLUMNS["patient"].split(), *stored_national_id.COLUMNS)
    tables = (("patient", sealed, _seal(written.patients, chunk)),
              ("allergy", COLUMNS["allergy"].split(), written.allergies))  # fmt: skip
    with databases.write(STATEMENT_TIMEOUT_SECONDS) as session:
        loaded = {
            name: copy_in(session.connection(), Base.metadata.tables[name], columns, blocks(lines))
            for name, columns, lines in tables
        }
        marks.note(session, chunk.generation_id, Phase.PEOPLE, chunk.number, chunk.first_patient_id)
    return loaded


def _seal(lines: Sequence[str], chunk: Chunk) -> list[str]:
    """Add the national ids, which are under keys and so never twice the same."""
    kept = [stored_national_id.columns(who.national_id) for who in chunk.people]
    return [
        "\t".join((line.removesuffix("\n"), *map(str, values.values()))) + "\n"
        for line, values in zip(lines, kept, strict=True)
    ]


def draw_pictures(generation_id: int, number: int, patient_ids: Sequence[int]) -> None:
    """Make the pictures of a chunk's patients from what they have by now: from hot rows alone where these are all."""
    try:
        with databases.write(STATEMENT_TIMEOUT_SECONDS) as session:
            fresh = _without(session, patient_ids)
            upkeep.begin(session, fresh)
    except IntegrityError:
        # Somebody has just written to one of them.
        fresh = []
    others = sorted(set(patient_ids) - set(fresh))
    if others:
        rebuild.rebuild(others)
    with databases.write() as session:
        marks.note(session, generation_id, Phase.PICTURES, number)


def _without(session: Session, patient_ids: Sequence[int]) -> list[int]:
    """Those who have no picture, and nothing in an archive."""
    known = {
        one
        for model in (PatientPicture, Holding)
        for one in session.scalars(
            select(model.patient_id).where(model.patient_id.between(patient_ids[0], patient_ids[-1]))
        )
    }
    return [one for one in patient_ids if one not in known]
