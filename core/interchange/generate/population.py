"""Making a population: identities here, charts in worker processes, a bounded number of chunks at a time."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random

from sqlalchemy.orm import Session

from core import audit
from core.interchange import catalogue
from core.interchange.generate import chunk, places
from core.interchange.generate.chunk import Chunk
from core.interchange.generate.identities import Identity, Numbers, draw
from core.interchange.generate.measured import ASSAYS
from core.interchange.generate.places import Setting
from core.interchange.importer import alone
from core.interchange.summary import Progress, Summary, silent
from core.sealing import stored_national_id
from core.stores import databases

PATIENTS_A_CHUNK = 1_000
VISITS_A_CHUNK = 10_000
PROCESSES_MAX = 8
STATEMENT_TIMEOUT_SECONDS = 300


class Stopped(RuntimeError):
    """A chunk failed; the message says how many patients are complete."""


def generate(
    patients: int,
    visits_per_patient: float = 10,
    seed: int = 1,
    as_of: date | None = None,
    on_progress: Progress = silent,
) -> Summary:
    """Add a population: this many patients, with visits over the eight years up to the day before `as_of` (today).

    The same seed on an empty database makes the same people and visits; on one with patients it adds people whose
    NRIC or FIN nobody has. Loaded in chunks, each all or nothing: if interrupted, the summary says how many are
    complete. Raises ValueError for numbers that make no sense, Stopped when the database fails, ImportRunning.
    """
    if patients < 1 or not 0 <= visits_per_patient <= 1_000:
        raise ValueError("ask for at least 1 patient and from 0 to 1,000 visits a patient")
    started, summary = time.monotonic(), Summary()
    with alone():
        with databases.write(STATEMENT_TIMEOUT_SECONDS) as session:
            setting = _setting(session, as_of or datetime.now(UTC).date(), summary)
        plan = _Plan(patients, visits_per_patient, seed, setting, Numbers())
        done = _load_all(plan, summary, on_progress)
        if done < patients:
            summary.remarks.append(f"stopped: {done:,} of {patients:,} patients are complete, none is half-written")
        with databases.write() as session:
            audit.record(session, "generate.population", by=None)
    summary.seconds = time.monotonic() - started
    return summary


@dataclass(slots=True)
class _Plan:
    """What is to be made; `chunks` draws the identities and reserves the ids as it goes, a chunk at a time."""

    patients: int
    visits_per_patient: float
    seed: int
    setting: Setting
    numbers: Numbers

    @property
    def patients_a_chunk(self) -> int:
        wanted = int(VISITS_A_CHUNK / self.visits_per_patient) if self.visits_per_patient else PATIENTS_A_CHUNK
        return max(1, min(PATIENTS_A_CHUNK, wanted))

    @property
    def chunk_count(self) -> int:
        return -(-self.patients // self.patients_a_chunk)

    def chunks(self) -> Iterator[Chunk]:
        for number in range(self.chunk_count):
            first = number * self.patients_a_chunk
            last = min(self.patients, first + self.patients_a_chunk)
            visits = round(self.visits_per_patient * last) - round(self.visits_per_patient * first)
            with databases.write() as session:
                people = self._people(session, number, last - first)
                first_patient_id, first_visit_id = _reserve(session, last - first, visits)
            yield Chunk(self.seed, number, people, first_patient_id, visits, first_visit_id)

    def _people(self, session: Session, number: int, count: int) -> tuple[Identity, ...]:
        """Identities whose NRIC or FIN nobody has, in this population or before it."""
        rng = Random(f"{self.seed}/identities/{number}")
        people = [draw(rng, self.numbers, self.setting.as_of) for _ in range(count)]
        while taken := stored_national_id.holders(session, {one.national_id for one in people}):
            people = [
                draw(rng, self.numbers, self.setting.as_of) if one.national_id in taken else one for one in people
            ]
        return tuple(people)


def _reserve(session: Session, patients: int, visits: int) -> tuple[int, int]:
    """The first ids of a chunk's patients and visits."""
    reserve_ids = databases.current().adapter.loading.reserve_ids
    connection = session.connection()
    return reserve_ids(connection, "patient", patients), reserve_ids(connection, "visit", visits) if visits else 0


def _setting(session: Session, as_of: date, summary: Summary) -> Setting:
    ids = catalogue.save_assays(session, ASSAYS)
    staff = places.save(session, summary)
    return Setting(staff, tuple(ids[assay.key] for assay in ASSAYS), as_of)


def _load_all(plan: _Plan, summary: Summary, on_progress: Progress) -> int:
    """Load every chunk; gives the patients that are complete. Raises Stopped."""
    processes = min(PROCESSES_MAX, os.cpu_count() or 1, plan.chunk_count)
    done = 0
    try:
        for people, counts in _loaded(plan, processes):
            done += people
            for table, count in counts.items():
                summary.of(table).read += count
                summary.of(table).new += count
            on_progress(f"patients {done:,} of {plan.patients:,}")
    except KeyboardInterrupt:
        return done
    except Exception as fault:
        cause = str(fault).strip().splitlines()
        raise Stopped(
            f"{done:,} of {plan.patients:,} patients are complete, none is half-written; then"
            f" {type(fault).__name__}: {cause[0] if cause else 'no further detail'}"
        ) from fault
    return done


def _loaded(plan: _Plan, processes: int) -> Iterator[tuple[int, dict[str, int]]]:
    """Patients and rows by table of each chunk as it is committed."""
    if processes == 1:
        for one in plan.chunks():
            yield len(one.people), chunk.load(one, plan.setting)
        return
    context = multiprocessing.get_context("spawn")
    settings = databases.current().settings
    with ProcessPoolExecutor(processes, context, chunk.prepare, (settings,)) as pool:
        waiting: dict[Future[dict[str, int]], int] = {}
        chunks = plan.chunks()
        try:
            for one in itertools.islice(chunks, 2 * processes):
                waiting[pool.submit(chunk.load, one, plan.setting)] = len(one.people)
            while waiting:
                for finished in wait(waiting, return_when=FIRST_COMPLETED).done:
                    people = waiting.pop(finished)
                    yield people, finished.result()
                    for one in itertools.islice(chunks, 1):
                        waiting[pool.submit(chunk.load, one, plan.setting)] = len(one.people)
        finally:
            pool.shutdown(cancel_futures=True)
