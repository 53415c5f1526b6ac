"""The protocol by which rows move between tiers: its states, and the steps that can follow each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

NONE, PLANNED, STAGED, LOADED, VERIFIED, RELEASED, RESTORED, PURGED = range(8)
OWNS_NOTHING_YET = (PLANNED, STAGED, LOADED, VERIFIED, RESTORED)


class Primary(NamedTuple):
    """What the primary has committed; also a snapshot of it. `truth` is what a row should read: the model's own."""

    hot: tuple[int, ...]
    batches: tuple[int, ...]
    files: tuple[tuple[int, ...], ...]
    restored: tuple[bool, ...]
    truth: tuple[int, ...]


class State(NamedTuple):
    """Everything. A version of 0 is no row; a copy in the archive is (batch, version) or None.

    `worker` is what a live worker is in the middle of, `zombie` a write to the archive by one that is lost.
    """

    primary: Primary
    replica: Primary
    archive: tuple[tuple[int, int] | None, ...]
    worker: tuple[Any, ...] | None = None
    zombie: tuple[Any, ...] | None = None
    reader: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Bounds:
    """How much happens: more rows, edits and batches mean more states."""

    rows: int
    edits: int
    batches: int
    restores: bool = True
    crashes: bool = True


@dataclass(frozen=True)
class Variant:
    """The protocol, or one that is broken in one place."""

    cold_before_hot: bool = False
    ignores_window: bool = False
    purges_at_once: bool = False
    releases_unverified: bool = False
    ignores_versions: bool = False
    stages_before_purge: bool = False
    keeps_superseded: bool = False
    marks_apart: bool = False


class Violation(Exception):
    """A guarantee does not hold here."""


Step = tuple[str, State]


def put(values: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


def in_state(primary: Primary, batch: int, state: int) -> Primary:
    return primary._replace(batches=put(primary.batches, batch, state))


class Model:
    """The steps that can follow a state."""

    def __init__(self, bounds: Bounds, variant: Variant) -> None:
        self.bounds, self.variant = bounds, variant
        self.ids = range(bounds.rows)

    def first(self) -> State:
        ones, batches = (1,) * self.bounds.rows, self.bounds.batches
        start = Primary(ones, (NONE,) * batches, ((),) * batches, (False,) * self.bounds.rows, ones)
        return State(start, start, (None,) * self.bounds.rows)

    def steps(self, state: State) -> Iterator[Step]:
        """Raises Violation when the next step of a reader or of a release breaks a guarantee."""
        self.check_truth(state)
        yield from self.edits(state)
        yield from self.reads(state)
        if state.replica != state.primary:
            yield "replay", state._replace(replica=state.primary)
        yield from self.crashes(state)
        yield from self.begins(state) if state.worker is None else self.goes_on(state, *state.worker)

    def check_truth(self, state: State) -> None:
        """No edit is lost: what is hot, or else owned by the archive, is the newest version."""
        for row in self.ids:
            found = state.primary.hot[row]
            if not found and (copy := state.archive[row]) and self.visible(state.primary, row, copy):
                found = copy[1]
            if found != state.primary.truth[row]:
                raise Violation(f"row {row} reads {found or 'nothing'} and should read {state.primary.truth[row]}")

    def edits(self, state: State) -> Iterator[Step]:
        locked = state.worker[-1] if state.worker and state.worker[0] in ("dropping", "dropped") else ()
        for row in self.ids:
            version = state.primary.hot[row]
            if version and row not in locked and version <= self.bounds.edits:
                changed = state.primary._replace(
                    hot=put(state.primary.hot, row, version + 1), truth=put(state.primary.truth, row, version + 1)
                )
                yield f"edit row {row}", state._replace(primary=changed)

    def visible(self, seen: Primary, row: int, copy: tuple[int, int]) -> bool:
        if self.variant.ignores_window:
            return True
        settled = seen.batches[copy[0]] in (RELEASED, PURGED)
        return settled and not seen.restored[row]

    def reads(self, state: State) -> Iterator[Step]:
        """A reader: hot and its window in one snapshot, of the primary or the replica; then, any time later, cold."""
        if state.reader is None:
            if self.variant.cold_before_hot:
                yield "read cold", state._replace(reader=("cold", state.archive))
            else:
                yield "read hot on the primary", state._replace(reader=("hot", state.primary))
                yield "read hot on the replica", state._replace(reader=("hot", state.replica))
        elif state.reader[0] == "hot":
            self.check_read(state.reader[1], state.archive)
            yield "read cold", state._replace(reader=None)
        else:
            self.check_read(state.primary, state.reader[1])
            yield "read hot on the primary", state._replace(reader=None)

    def check_read(self, snapshot: Primary, archive: tuple[tuple[int, int] | None, ...]) -> None:
        """Each row is seen exactly once, as it was when the snapshot was taken."""
        for row in self.ids:
            copy = archive[row]
            seen = [snapshot.hot[row]] if snapshot.hot[row] else []
            seen += [copy[1]] if copy and self.visible(snapshot, row, copy) else []
            if seen != [snapshot.truth[row]]:
                raise Violation(f"a reader sees row {row} as {seen} and should see [{snapshot.truth[row]}]")

    def crashes(self, state: State) -> Iterator[Step]:
        """The worker is lost. Its transaction on the primary is gone; one on the archive may yet be committed."""
        if state.zombie is not None:
            yield (
                "the lost worker's archive write is committed",
                self.write_archive(state._replace(zombie=None), state.zombie),
            )
            yield "the lost worker's archive write is rolled back", state._replace(zombie=None)
        if state.worker is not None and self.bounds.crashes:
            if state.worker[0] in ("loading", "dropping", "purging") and state.zombie is None:
                yield "crash, writing to the archive", state._replace(worker=None, zombie=state.worker)
            yield "crash", state._replace(worker=None)

    def begins(self, state: State) -> Iterator[Step]:
        """What a worker without work can begin: the next step of a moving batch, a new batch, a restore, a purge."""
        primary = state.primary
        for batch, stands in enumerate(primary.batches):
            begin: dict[int, Callable[[State, int], Iterator[Step]]] = {
                PLANNED: self.stage,
                STAGED: self.load,
                LOADED: self.verify,
                VERIFIED: self.release,
                RESTORED: self.purge,
            }
            if stands in begin:
                yield from begin[stands](state, batch)
            if stands == RELEASED and self.bounds.restores and batch == 0 and NONE in primary.batches:
                yield "restore reads the archive", state._replace(worker=("restoring", batch, state.archive))
        if not any(stands in OWNS_NOTHING_YET[:4] for stands in primary.batches) and NONE in primary.batches:
            planned = in_state(primary, primary.batches.index(NONE), PLANNED)
            yield "plan", state._replace(primary=planned)

    def stage(self, state: State, batch: int) -> Iterator[Step]:
        may = self.variant.stages_before_purge
        rows = tuple(
            version if may or not kept else 0
            for version, kept in zip(state.primary.hot, state.primary.restored, strict=True)
        )
        yield f"stage {batch} writes", state._replace(worker=("staged", batch, rows))

    def load(self, state: State, batch: int) -> Iterator[Step]:
        if self.variant.releases_unverified:
            yield from self.release(state, batch)
        if not self.is_locked(state, batch):
            rows = state.primary.files[batch]
            yield f"load {batch} copies", state._replace(worker=("loading", batch, rows))
            damaged = next((row for row in self.ids if rows[row]), None)
            if damaged is not None:
                yield f"load {batch} copies badly", state._replace(worker=("loading", batch, put(rows, damaged, -1)))

    def verify(self, state: State, batch: int) -> Iterator[Step]:
        copies = tuple(copy[1] if copy and copy[0] == batch else 0 for copy in state.archive)
        if copies == state.primary.files[batch]:
            yield f"verify {batch} compares", state._replace(worker=("verified", batch))
        else:
            yield f"verify {batch} finds a difference", self.at(state, batch, PLANNED)
        if self.variant.releases_unverified:
            yield from self.release(state, batch)

    def release(self, state: State, batch: int) -> Iterator[Step]:
        if self.is_locked(state, batch):
            return
        staged, hot = state.primary.files[batch], state.primary.hot
        unchanged = tuple(
            row
            for row in self.ids
            if staged[row] and hot[row] and (hot[row] == staged[row] or self.variant.ignores_versions)
        )
        locked = tuple(row for row in self.ids if staged[row])
        yield f"release {batch} locks", state._replace(worker=("dropping", batch, unchanged, locked))

    def purge(self, state: State, batch: int) -> Iterator[Step]:
        """Once the replica has the restore, and no snapshot is open that is older."""
        older = state.replica.batches[batch] != RESTORED
        if state.reader is not None and state.reader[0] == "hot":
            older = older or state.reader[1].batches[batch] != RESTORED
        if (not older or self.variant.purges_at_once) and not self.is_locked(state, batch):
            yield f"purge {batch} removes", state._replace(worker=("purging", batch, state.primary.restored))

    def is_locked(self, state: State, batch: int) -> bool:
        """A lost worker's write to the archive holds the batch's lock there."""
        return state.zombie is not None and state.zombie[1] == batch

    def at(self, state: State, batch: int, stands: int) -> State:
        return state._replace(primary=in_state(state.primary, batch, stands), worker=None)

    def goes_on(self, state: State, act: str, batch: int, *rest: Any) -> Iterator[Step]:
        """The worker's next commit, on the archive or on the primary."""
        if act in ("loading", "dropping", "purging"):
            if act == "dropping" and not self.has_copies(state, batch, rest[0]):
                yield f"release {batch} misses copies", self.at(state, batch, STAGED)
                return
            after = {"loading": ("loaded", batch), "dropping": ("dropped", batch, *rest), "purging": ("purged", batch)}
            yield (
                f"{act} {batch}: the archive commits",
                self.write_archive(state, state.worker)._replace(worker=after[act]),
            )
        elif act == "staged":
            files = put(state.primary.files, batch, rest[0])
            staged = in_state(state.primary._replace(files=files), batch, STAGED)
            yield f"stage {batch} commits", state._replace(primary=staged, worker=None)
        elif act in ("loaded", "verified"):
            yield f"{act} {batch} commits", self.at(state, batch, LOADED if act == "loaded" else VERIFIED)
        else:
            commit = {"dropped": self.commit_release, "marking": self.commit_mark, "restoring": self.commit_restore,
                      "purged": self.commit_purge}[act]  # fmt: skip
            yield f"{act} {batch} commits", commit(state, batch, *rest)

    def has_copies(self, state: State, batch: int, rows: tuple[int, ...]) -> bool:
        return all((copy := state.archive[row]) is not None and copy[0] == batch for row in rows)

    def write_archive(self, state: State, write: tuple[Any, ...]) -> State:
        act, batch, what = write[:3]
        archive = list(state.archive)
        for row in self.ids:
            copy = archive[row]
            mine = copy is not None and copy[0] == batch
            if act == "loading" and (mine or what[row]):
                archive[row] = (batch, what[row]) if what[row] else None
            superseded = act == "dropping" and mine and row not in what and not self.variant.keeps_superseded
            if superseded or (act == "purging" and what[row]):
                archive[row] = None
        return state._replace(archive=tuple(archive))

    def commit_release(self, state: State, batch: int, rows: tuple[int, ...], _locked: tuple[int, ...]) -> State:
        """G2: what is deleted has its copy, of just this version."""
        for row in rows:
            if state.archive[row] != (batch, state.primary.hot[row]):
                raise Violation(f"row {row} is deleted at {state.primary.hot[row]}; its copy is {state.archive[row]}")
        hot = tuple(0 if row in rows else version for row, version in enumerate(state.primary.hot))
        if self.variant.marks_apart:
            return state._replace(primary=state.primary._replace(hot=hot), worker=("marking", batch))
        return self.at(state._replace(primary=state.primary._replace(hot=hot)), batch, RELEASED)

    def commit_mark(self, state: State, batch: int) -> State:
        return self.at(state, batch, RELEASED)

    def commit_restore(self, state: State, batch: int, copies: tuple[tuple[int, int] | None, ...]) -> State:
        primary = state.primary
        back = tuple(copy is not None and copy[0] == batch and not primary.hot[row] for row, copy in enumerate(copies))
        hot = tuple(copy[1] if back[row] and copy else primary.hot[row] for row, copy in enumerate(copies))
        return self.at(state._replace(primary=primary._replace(hot=hot, restored=back)), batch, RESTORED)

    def commit_purge(self, state: State, batch: int) -> State:
        free = state.primary._replace(restored=(False,) * self.bounds.rows)
        return self.at(state._replace(primary=free), batch, PURGED)
