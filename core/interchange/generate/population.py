"""Making a population: people first, then their visits slice by slice in the order of time, then their pictures.

Each part is loaded with its mark, so that the same words, said again after an end of any kind, go on from there.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

from sqlalchemy.orm import Session

from core import audit
from core.audit import origin
from core.interchange import catalogue
from core.interchange.generate import chunk, marks, places, time_slices
from core.interchange.generate.chunk import Chunk
from core.interchange.generate.identities import Identity, Numbers, draw
from core.interchange.generate.laid import DAYS_LAID, Folder, Slice, slices
from core.interchange.generate.looks import Looks
from core.interchange.generate.marks import Marks, Phase
from core.interchange.generate.measured import ASSAYS
from core.interchange.generate.pace import Pace, Replica
from core.interchange.generate.places import Setting
from core.interchange.generate.side_by_side import each
from core.interchange.importer import alone
from core.interchange.summary import Progress, Summary, silent
from core.sealing import stored_national_id
from core.stores import databases

PATIENTS_A_CHUNK = 1_000
VISITS_A_CHUNK = 10_000
VISITS_A_SLICE = 20_000
# What a visit and all that belongs to it take on disk until they are loaded; about half is used.
BYTES_A_VISIT = 1_000
STATEMENT_TIMEOUT_SECONDS = 300
VISITS_MAX, LOOKS_MAX = 1_000, 1_000


class Stopped(RuntimeError):
    """A part failed; the message says what is loaded."""


@dataclass(frozen=True, slots=True)
class Asked:
    """So many people, visits for each on average, and looks at their records in all."""

    patients: int
    visits_per_patient: float = 10
    seed: int = 1
    looks: int = 0

    def check(self) -> None:
        """Raises ValueError."""
        if self.patients < 1 or not 0 <= self.visits_per_patient <= VISITS_MAX:
            raise ValueError("ask for at least 1 patient and from 0 to 1,000 visits a patient")
        if not 0 <= self.looks <= LOOKS_MAX * self.visits:
            raise ValueError("ask for at most 1,000 access events a visit, and none where there are no visits")

    def __str__(self) -> str:
        return (f"{self.patients} patients, {self.visits_per_patient:g} visits each, seed {self.seed},"
                f" {self.looks} access events")  # fmt: skip

    @property
    def visits(self) -> int:
        return round(self.visits_per_patient * self.patients)

    @property
    def patients_a_chunk(self) -> int:
        wanted = int(VISITS_A_CHUNK / self.visits_per_patient) if self.visits_per_patient else PATIENTS_A_CHUNK
        return max(1, min(PATIENTS_A_CHUNK, wanted))

    @property
    def chunks(self) -> int:
        return -(-self.patients // self.patients_a_chunk)

    def people(self, number: int) -> range:
        """The patients of a chunk, counted from 0."""
        first = number * self.patients_a_chunk
        return range(first, min(self.patients, first + self.patients_a_chunk))


def generate(
    patients: int,
    visits_per_patient: float = 10,
    seed: int = 1,
    as_of: date | None = None,
    on_progress: Progress = silent,
    *,
    looks: int = 0,
) -> Summary:
    """Add a population: this many patients, with visits over the eight years up to the day before `as_of` (today).

    The same seed on an empty database makes the same people and visits; on one with patients it adds people whose
    NRIC or FIN nobody has. Asked for again after an interruption of any kind, it goes on; the summary counts what this
    call loaded. Raises ValueError for what makes no sense or does not fit, Stopped when the database fails,
    ImportRunning.
    """
    asked = Asked(patients, visits_per_patient, seed, looks)
    asked.check()
    started, summary = time.monotonic(), Summary()
    with alone():
        with databases.write(STATEMENT_TIMEOUT_SECONDS) as session:
            marked = marks.begin(session, str(asked), as_of, datetime.now(UTC).date())
            setting = _setting(session, marked.as_of, summary)
        making = _Making(asked, marked, setting, _folder(asked, marked), summary, Pace(summary, on_progress))
        try:
            making.all()
        except KeyboardInterrupt:
            summary.remarks.append(f"stopped: {making.pace}; the same command goes on from there")
        except Exception as fault:
            raise Stopped(f"{making.pace}; the same command goes on from there; then {_cause(fault)}") from fault
    summary.seconds = time.monotonic() - started
    return summary


def _cause(fault: Exception) -> str:
    cause = str(fault).strip().splitlines()
    return f"{type(fault).__name__}: {cause[0] if cause else 'no further detail'}"


@dataclass(slots=True)
class _Making:
    """A population while it is made."""

    asked: Asked
    marks: Marks
    setting: Setting
    folder: Folder
    summary: Summary
    pace: Pace

    def all(self) -> None:
        self._people()
        self._visits()
        self._pictures()
        with databases.write() as session:
            marks.end(session, self.marks.id)
            audit.record(session, "generate.population", by=None)
        shutil.rmtree(self.folder.path)

    def _people(self) -> None:
        self.pace.begin("patients", self.asked.patients)
        for one, counts in each(chunk.load, self._chunks(), (self.setting, self.folder), self.asked.chunks):
            self.marks.done[Phase.PEOPLE][one.number] = one.first_patient_id
            self.pace.add(len(one.people), counts)

    def _chunks(self) -> Iterator[Chunk]:
        """The chunks that are still to be loaded, or of which the visits are not on disk."""
        done, numbers = self.marks.done[Phase.PEOPLE], Numbers()
        for number in range(self.asked.chunks):
            span, first_id = self.asked.people(number), done.get(number)
            per_patient = self.asked.visits_per_patient
            visits = round(per_patient * span.stop) - round(per_patient * span.start)
            with databases.write() as session:
                own = range(first_id, first_id + len(span)) if first_id is not None else range(0)
                people = self._drawn(session, numbers, number, own, len(span))
                reserve_ids = databases.current().adapter.loading.reserve_ids
                first = first_id if first_id is not None else reserve_ids(session.connection(), "patient", len(span))
            made = Chunk(self.marks.id, self.asked.seed, number, people, first, visits, first_id is not None)
            if made.loaded and self.folder.has(number):
                self.pace.add(len(people), {})
            else:
                yield made

    def _drawn(self, session: Session, numbers: Numbers, number: int, own: range, count: int) -> tuple[Identity, ...]:
        """Identities whose NRIC or FIN nobody has but the patients of this chunk, `own`, if they are there already."""
        rng = Random(f"{self.asked.seed}/identities/{number}")
        people = [draw(rng, numbers, self.setting.as_of) for _ in range(count)]
        while taken := _taken(session, people, own):
            people = [draw(rng, numbers, self.setting.as_of) if one.national_id in taken else one for one in people]
        return tuple(people)

    def _visits(self) -> None:
        done = self.marks.done[Phase.VISITS]
        names = {str(row_id): name for team in self.setting.staff for row_id, name in team.practitioners}
        writer = f"{origin.get().portal}-generate-{self.marks.token}"
        self.pace.begin("visits", self.asked.visits)
        replica, before = Replica(), 0
        for one in self._slices():
            looks = _share(self.asked.looks, before + one.visits, self.asked.visits)
            looks -= _share(self.asked.looks, before, self.asked.visits)
            before += one.visits
            counts: dict[str, int] = {}
            if one.number not in done:
                lines = self.folder.read(self.asked.chunks, one.first, one.after)
                counts = time_slices.load(self.marks.id, one, lines, Looks(writer, names, looks))
                replica.keep_near()
            self.pace.add(one.visits, counts)

    def _slices(self) -> list[Slice]:
        by_day = [0] * DAYS_LAID
        for number in range(self.asked.chunks):
            by_day = [total + more for total, more in zip(by_day, self.folder.visits(number), strict=True)]
        return slices(by_day, VISITS_A_SLICE)

    def _pictures(self) -> None:
        firsts, done = self.marks.done[Phase.PEOPLE], self.marks.done[Phase.PICTURES]
        spans = [
            _Span(number, range(firsts[number], firsts[number] + len(self.asked.people(number))))
            for number in range(self.asked.chunks)
            if number not in done
        ]
        self.pace.begin("pictures", self.asked.patients, sum(len(self.asked.people(number)) for number in done))
        for span, _ in each(_draw_pictures, iter(spans), (self.marks.id,), len(spans)):
            self.pace.add(len(span.patient_ids), {})


@dataclass(frozen=True, slots=True)
class _Span:
    """The patients of a chunk, by id."""

    number: int
    patient_ids: range


def _draw_pictures(span: _Span, generation_id: int) -> None:
    chunk.draw_pictures(generation_id, span.number, span.patient_ids)


def _share(total: int, part: int, whole: int) -> int:
    return total * part // whole if whole else 0


def _taken(session: Session, people: list[Identity], own: range) -> set[str]:
    holders = stored_national_id.holders(session, {one.national_id for one in people})
    return {number for number, patient_id in holders.items() if patient_id not in own}


def _setting(session: Session, as_of: date, summary: Summary) -> Setting:
    ids = catalogue.save_assays(session, ASSAYS)
    staff = places.save(session, summary)
    return Setting(staff, tuple(ids[assay.key] for assay in ASSAYS), as_of)


def _folder(asked: Asked, marked: Marks) -> Folder:
    """The folder of this population's visits, this user's alone. Raises ValueError where they do not fit."""
    path = Path(tempfile.gettempdir()) / f"strata-generate-{marked.token}"
    path.mkdir(mode=0o700, exist_ok=True)
    if path.lstat().st_uid != os.getuid():
        raise ValueError(f"{path} belongs to somebody else")
    needed, free = asked.visits * BYTES_A_VISIT, shutil.disk_usage(path).free
    if free < needed and not marked.resumed:
        path.rmdir()
        raise ValueError(
            f"visits wait in {path.parent} until they are loaded, about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB"
            " are free: name another folder by TMPDIR"
        )
    return Folder(path, marked.as_of)
