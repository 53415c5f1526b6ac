"""A chunk of patients: written as COPY text and loaded in one transaction, in whichever process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from random import Random

from core.interchange.generate import story
from core.interchange.generate.copy_columns import COLUMNS, Rows
from core.interchange.generate.identities import Identity
from core.interchange.generate.places import Setting
from core.models import Base
from core.picture import upkeep as picture
from core.sealing import stored_national_id
from core.settings.config import Settings
from core.stores import databases

STATEMENT_TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some patients, with the ids reserved for them and their visits."""

    seed: int
    number: int
    people: tuple[Identity, ...]
    first_patient_id: int
    visits: int
    first_visit_id: int


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


def write(chunk: Chunk, setting: Setting) -> Rows:
    """The rows of a chunk; the same for the same seed, number, identities and ids."""
    rng = Random(f"{chunk.seed}/{chunk.number}")
    rows = Rows()
    people = [story.person(rng, who, setting.as_of) for who in chunk.people]
    visit_id = chunk.first_visit_id
    for ordinal, (one, count) in enumerate(zip(people, story.shares(people, chunk.visits), strict=True)):
        story.write(rows, rng, one, (chunk.first_patient_id + ordinal, visit_id, count), setting)
        visit_id += count
    return rows


def _seal(rows: Rows, chunk: Chunk) -> dict[str, str]:
    """Add the national ids, which are under keys and so never twice the same, and the columns that they take."""
    kept = [stored_national_id.columns(who.national_id) for who in chunk.people]
    rows.lines["patient"] = [
        "\t".join((line.removesuffix("\n"), *map(str, values.values()))) + "\n"
        for line, values in zip(rows.lines["patient"], kept, strict=True)
    ]
    return {**COLUMNS, "patient": " ".join((COLUMNS["patient"], *stored_national_id.COLUMNS))}


def load(chunk: Chunk, setting: Setting) -> dict[str, int]:
    """Write and load a chunk, all or nothing; gives the rows loaded by table."""
    rows = write(chunk, setting)
    tables = _seal(rows, chunk)
    adapter = databases.current().adapter
    with databases.write(STATEMENT_TIMEOUT_SECONDS) as session:
        connection = session.connection()
        loaded = {
            table: adapter.loading.copy_in(connection, Base.metadata.tables[table], columns.split(), rows.blocks(table))
            for table, columns in tables.items()
        }
        picture.begin(session, range(chunk.first_patient_id, chunk.first_patient_id + len(chunk.people)))
        return loaded
