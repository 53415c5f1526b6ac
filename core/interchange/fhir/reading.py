"""Both readings of the files: in this process, or in one for each processor where there is much to read."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from core.interchange import garbage
from core.interchange.csv_files import BadFile
from core.interchange.fhir.bundles import File
from core.interchange.fhir.resource_index import Index, Sources
from core.interchange.fhir.second_reading import Made, read
from core.interchange.fhir.survey import Found, Survey, bases_of, survey
from core.interchange.summary import Place, Progress, silent

# To start a process takes as long as to read a few megabytes.
FILES_MIN, BYTES_MIN, PROCESSES_MAX = 8, 8 * 1024 * 1024, 4
# How far a process may read ahead of who writes the rows.
MADE_AHEAD = 16
LOOK_SECONDS = 5.0


class Reading(Protocol):
    """Two readings of some files."""

    found: Found

    def made(self) -> Iterator[Made]:
        """What the second reading makes of the files; one that can't be read is refused."""


def reading(
    files: Sequence[File], sources: Sources, zone: ZoneInfo, on_progress: Progress
) -> AbstractContextManager[Reading]:
    """A `with` block for the readings of these files; the first one has been done."""
    count = min(PROCESSES_MAX, processors(), len(files))
    if count > 1 and len(files) >= FILES_MIN and size_of(files) >= BYTES_MIN:
        return _several(files, sources, zone, count, on_progress)
    return _alone(files, sources, zone, on_progress)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def size_of(files: Sequence[File]) -> int:
    """The bytes of these files, as they lie on the disk."""
    return sum(path.stat().st_size for path in {file.path for file in files})


@contextmanager
def _alone(files: Sequence[File], sources: Sources, zone: ZoneInfo, on_progress: Progress) -> Iterator[Reading]:
    sources.bases |= bases_of(files, sources)
    first = survey(files, sources, on_progress)
    first.found.close()
    if first.found.timeless:
        first.found.lent = first.lent_times(zone)
    yield _Alone(first.found, first, zone, on_progress)


@dataclass
class _Alone:
    found: Found
    survey: Survey
    zone: ZoneInfo
    on_progress: Progress

    def made(self) -> Iterator[Made]:
        for file in self.survey.files:
            self.on_progress(f"reading {file.name}")
            yield from _read(file, self.survey, self.zone)


def _read(file: File, first: Survey, zone: ZoneInfo) -> Iterator[Made]:
    try:
        yield from read(file, first, zone)
    except BadFile as fault:
        refused = Made(ends_file=True)
        refused.summary.refuse("file", Place(file.name), str(fault))
        yield refused


@contextmanager
def _several(
    files: Sequence[File], sources: Sources, zone: ZoneInfo, count: int, on_progress: Progress
) -> Iterator[Reading]:
    with _started(files, sources, zone, count) as helpers:
        on_progress(f"looking at {len(files):,} files in {count} processes")
        sources.bases |= {base for bases in helpers.receive() for base in bases}
        helpers.send(sources.bases)
        found = Found(Index(sources))
        for part in helpers.receive():
            found.absorb(part)
        found.close()
        helpers.send(found)
        if found.timeless:
            for lent in helpers.receive():
                found.lent.absorb(lent)
            helpers.send(found.lent)
        yield _Several(found, helpers)


@contextmanager
def _started(files: Sequence[File], sources: Sources, zone: ZoneInfo, count: int) -> Iterator[_Helpers]:
    helpers = _Helpers(_Helper(files[number::count], sources, zone) for number in range(count))
    try:
        yield helpers
    finally:
        for helper in helpers:
            helper.end()


@dataclass
class _Several:
    found: Found
    helpers: _Helpers

    def made(self) -> Iterator[Made]:
        """File by file, from each process in turn."""
        working = list(self.helpers)
        while working:
            for helper in list(working):
                while isinstance(made := helper.take(), Made):
                    yield made
                if made == ENDED:
                    working.remove(helper)


ENDED_EARLY = "a process that read files has ended too early: import again"
NEXT_FILE, ENDED = "next file", "ended"


class _Helper:
    """A process that reads some of the files, seen from the one that started it."""

    def __init__(self, files: Sequence[File], sources: Sources, zone: ZoneInfo) -> None:
        own = multiprocessing.get_context("spawn")
        self._connection, theirs = own.Pipe()
        self._made = own.Queue(MADE_AHEAD)
        arguments = (theirs, self._made, files, replace(sources), zone)
        self._process = own.Process(target=_help, args=arguments, daemon=True)
        self._process.start()
        theirs.close()

    def send(self, value: Any) -> None:
        self._connection.send(value)

    def receive(self) -> Any:
        """What the process has found. Raises what went wrong there."""
        try:
            return _unless_failed(self._connection.recv())
        except EOFError:
            raise RuntimeError(ENDED_EARLY) from None

    def take(self) -> Any:
        """The next thing it has made, NEXT_FILE or ENDED. Raises what went wrong there."""
        while True:
            try:
                return _unless_failed(self._made.get(timeout=LOOK_SECONDS))
            except queue.Empty:
                if not self._process.is_alive():
                    raise RuntimeError(ENDED_EARLY) from None

    def end(self) -> None:
        self._process.terminate()
        self._process.join()


class _Helpers(tuple[_Helper, ...]):
    """All processes that read for this one."""

    def send(self, value: Any) -> None:
        """Tell each the same."""
        for helper in self:
            helper.send(value)

    def receive(self) -> Iterator[Any]:
        """What each has found, in turn. Raises what went wrong there."""
        return (helper.receive() for helper in self)


def _unless_failed(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value


def _help(connection: Connection, made: Any, files: Sequence[File], sources: Sources, zone: ZoneInfo) -> None:
    """The process: it says which servers it met, learns those of all files, surveys, learns all, and reads.

    Where an Observation of any file has no time, it says between these which times its files lend.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with garbage.searched_rarely():
        try:
            connection.send(bases_of(files, sources))
            sources.bases |= connection.recv()
            first = survey(files, sources, silent)
            connection.send(first.found)
            first.found = connection.recv()
            if first.found.timeless:
                connection.send(first.lent_times(zone))
                first.found.lent = connection.recv()
        except Exception as fault:
            connection.send(fault)
            return
        _read_all(made, first, zone)


def _read_all(made: Any, first: Survey, zone: ZoneInfo) -> None:
    try:
        for file in first.files:
            for part in _read(file, first, zone):
                _put(made, part)
            _put(made, NEXT_FILE)
        _put(made, ENDED)
    except Exception as fault:
        _put(made, fault)


def _put(made: Any, value: Any) -> None:
    """Hand over, unless nobody is left to take it."""
    parent = multiprocessing.parent_process()
    while True:
        try:
            made.put(value, timeout=LOOK_SECONDS)
            return
        except queue.Full:
            if parent is None or not parent.is_alive():
                os._exit(1)
