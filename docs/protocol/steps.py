"""The protocol by which rows move between tiers: the steps that can follow each state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from states import (
    LOADED,
    NONE,
    OWNS_NOTHING_YET,
    PLANNED,
    PURGED,
    RELEASED,
    RESTORED,
    STAGED,
    VERIFIED,
    Bounds,
    Primary,
    State,
    Variant,
    Violation,
    in_state,
    put,
)

Step = tuple[str, State]
# A step and what its worker is in the middle of after it.
Act = tuple[str, State, tuple[Any, ...] | None]
Copy = tuple[int, int] | None


def is_of(copy: Copy, batch: int) -> bool:
    return copy is not None and copy[0] == batch


class Model:
    """The steps that can follow a state."""

    def __init__(self, bounds: Bounds, variant: Variant) -> None:
        self.bounds, self.variant = bounds, variant
        self.ids = range(bounds.rows)

    def first(self) -> State:
        ones, batches = (1,) * self.bounds.rows, self.bounds.batches
        nowhere = (0,) * self.bounds.rows
        start = Primary(ones, nowhere, (NONE,) * batches, ((),) * batches, (False,) * self.bounds.rows, ones)
        return State(start, start, (None,) * self.bounds.rows, (None,) * self.bounds.lanes)

    def steps(self, state: State) -> Iterator[Step]:
        """Raises Violation when the next step of a reader or of a release breaks a guarantee."""
        self.check_truth(state)
        yield from self.edits(state)
        yield from self.reads(state) if self.bounds.readers else ()
        if state.replica != state.primary and self.bounds.readers:
            yield "replay", state._replace(replica=state.primary)
        yield from self.crashes(state)
        for lane, worker in enumerate(state.workers):
            for label, following, after in self.begins(state) if worker is None else self.goes_on(state, *worker):
                yield label, following._replace(workers=put(following.workers, lane, after))

    def check_truth(self, state: State) -> None:
        """No edit is lost: what is hot, or else owned by the archive, is the newest version."""
        for row in self.ids:
            found = state.primary.hot[row]
            if not found and (copy := state.archive[row]) and self.visible(state.primary, row, copy):
                found = copy[1]
            if found != state.primary.truth[row]:
                raise Violation(f"row {row} reads {found or 'nothing'} and should read {state.primary.truth[row]}")

    def edits(self, state: State) -> Iterator[Step]:
        """A person changes a row, perhaps its time too, unless a release holds its lock."""
        locked = self.locked(state)
        for row in self.ids:
            version = state.primary.hot[row]
            if version and row not in locked and version <= self.bounds.edits:
                for place in range(self.bounds.lanes):
                    changed = state.primary._replace(
                        hot=put(state.primary.hot, row, version + 1),
                        truth=put(state.primary.truth, row, version + 1),
                        ranges=put(state.primary.ranges, row, place),
                    )
                    yield f"edit row {row}, range {place}", state._replace(primary=changed)

    def locked(self, state: State) -> set[int]:
        """Rows that a release holds."""
        releasing = (worker for worker in state.workers if worker and worker[0] in ("dropping", "dropped"))
        return {row for worker in releasing for row in worker[-1]}

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
        for lane, worker in enumerate(state.workers if self.bounds.crashes else ()):
            lost = state._replace(workers=put(state.workers, lane, None))
            if worker is not None and worker[0] in ("loading", "dropping", "purging") and state.zombie is None:
                yield "crash, writing to the archive", lost._replace(zombie=worker)
            if worker is not None:
                yield "crash", lost

    def begins(self, state: State) -> Iterator[Act]:
        """What a worker without work can begin: the next step of a moving batch, a new batch, a restore, a purge."""
        begin: dict[int, Callable[[State, int], Iterator[Act]]] = {
            PLANNED: self.stage,
            STAGED: self.load,
            LOADED: self.verify,
            VERIFIED: self.release,
            RESTORED: self.purge,
            RELEASED: self.restore,
        }
        primary = state.primary
        for batch, stands in enumerate(primary.batches):
            if stands in begin and batch not in self.busy(state):
                yield from begin[stands](state, batch)
        moving = sum(stands in OWNS_NOTHING_YET[:4] for stands in primary.batches)
        if moving < self.bounds.lanes and NONE in primary.batches:
            planned = in_state(primary, primary.batches.index(NONE), PLANNED)
            yield "plan", state._replace(primary=planned), None

    def busy(self, state: State) -> set[int]:
        """Batches whose rows on the primary a worker has locked."""
        return {worker[1] for worker in state.workers if worker}

    def stage(self, state: State, batch: int) -> Iterator[Act]:
        may = self.variant.stages_before_purge
        mine = [self.bounds.lanes == 1 or place == batch for place in state.primary.ranges]
        rows = tuple(
            version if mine[row] and (may or not state.primary.restored[row]) else 0
            for row, version in enumerate(state.primary.hot)
        )
        yield f"stage {batch} reads", state, ("staged", batch, rows)

    def load(self, state: State, batch: int) -> Iterator[Act]:
        if self.variant.releases_unverified:
            yield from self.release(state, batch)
        rows = state.primary.files[batch]
        if not self.is_locked(state, batch):
            yield f"load {batch} copies", state, ("loading", batch, rows)
            damaged = next((row for row in self.ids if rows[row]), None)
            if damaged is not None:
                yield f"load {batch} copies badly", state, ("loading", batch, put(rows, damaged, -1))

    def verify(self, state: State, batch: int) -> Iterator[Act]:
        copies = tuple(copy[1] if copy and copy[0] == batch else 0 for copy in state.archive)
        if copies == state.primary.files[batch]:
            yield f"verify {batch} compares", state, ("verified", batch)
        else:
            yield f"verify {batch} finds a difference", self.at(state, batch, PLANNED), None
        if self.variant.releases_unverified:
            yield from self.release(state, batch)

    def release(self, state: State, batch: int) -> Iterator[Act]:
        staged, hot = state.primary.files[batch], state.primary.hot
        locks = tuple(row for row in self.ids if staged[row] and hot[row])
        if self.is_locked(state, batch) or self.locked(state) & set(locks):
            return
        unchanged = tuple(row for row in locks if hot[row] == staged[row] or self.variant.ignores_versions)
        yield f"release {batch} locks", state, ("dropping", batch, unchanged, locks)

    def restore(self, state: State, batch: int) -> Iterator[Act]:
        if self.bounds.restores and batch == 0 and NONE in state.primary.batches:
            yield "restore reads the archive", state, ("restoring", batch, state.archive)

    def purge(self, state: State, batch: int) -> Iterator[Act]:
        """Once the replica has the restore, and no snapshot is open that is older."""
        older = state.replica.batches[batch] != RESTORED
        if state.reader is not None and state.reader[0] == "hot":
            older = older or state.reader[1].batches[batch] != RESTORED
        if (not older or self.variant.purges_at_once) and not self.is_locked(state, batch):
            yield f"purge {batch} begins", state, ("purging", batch, state.primary.restored)

    def is_locked(self, state: State, batch: int) -> bool:
        """A lost worker's write to the archive holds the batch's lock there."""
        return state.zombie is not None and state.zombie[1] == batch

    def at(self, state: State, batch: int, stands: int) -> State:
        return state._replace(primary=in_state(state.primary, batch, stands))

    def goes_on(self, state: State, act: str, batch: int, *rest: Any) -> Iterator[Act]:
        """The worker's next commit, on the archive or on the primary."""
        if act in ("loading", "dropping", "purging"):
            if act == "dropping" and not self.has_copies(state, batch, rest[0]):
                yield f"release {batch} misses copies", self.at(state, batch, STAGED), None
                return
            if act == "loading" and self.meets_others(state, batch, rest[0]):
                yield f"load {batch} meets another batch's copies", self.at(state, batch, PLANNED), None
                return
            after = {"loading": ("loaded", batch), "dropping": ("dropped", batch, *rest), "purging": ("purged", batch)}
            yield f"{act} {batch}: the archive commits", self.write_archive(state, (act, batch, *rest)), after[act]
        elif act == "dropped" and self.variant.marks_apart:
            yield f"{act} {batch} commits", self.remove(state, batch, *rest), ("marking", batch)
        else:
            commit: dict[str, Callable[..., State]] = {
                "staged": self.commit_stage,
                "loaded": lambda state, batch: self.at(state, batch, LOADED),
                "verified": lambda state, batch: self.at(state, batch, VERIFIED),
                "dropped": lambda state, batch, *rest: self.at(self.remove(state, batch, *rest), batch, RELEASED),
                "marking": lambda state, batch: self.at(state, batch, RELEASED),
                "restoring": self.commit_restore,
                "purged": self.commit_purge,
            }
            yield f"{act} {batch} commits", commit[act](state, batch, *rest), None

    def has_copies(self, state: State, batch: int, rows: tuple[int, ...]) -> bool:
        return all((copy := state.archive[row]) is not None and copy[0] == batch for row in rows)

    def write_archive(self, state: State, write: tuple[Any, ...]) -> State:
        act, batch, what = write[:3]
        changes = {"loading": self.loaded, "dropping": self.dropped, "purging": self.purged}
        return state._replace(archive=changes[act](state, batch, what)) if act in changes else state

    def loaded(self, state: State, batch: int, rows: tuple[int, ...]) -> tuple[Copy, ...]:
        if self.meets_others(state, batch, rows):
            return state.archive
        return tuple(
            ((batch, version) if version else None) if version or is_of(copy, batch) else copy
            for version, copy in zip(rows, state.archive, strict=True)
        )

    def dropped(self, state: State, batch: int, kept: tuple[int, ...]) -> tuple[Copy, ...]:
        if self.variant.keeps_superseded:
            return state.archive
        return tuple(None if is_of(copy, batch) and row not in kept else copy for row, copy in enumerate(state.archive))

    def purged(self, state: State, _batch: int, rows: tuple[bool, ...]) -> tuple[Copy, ...]:
        return tuple(None if gone else copy for gone, copy in zip(rows, state.archive, strict=True))

    def meets_others(self, state: State, batch: int, rows: tuple[int, ...]) -> bool:
        """The archive has one copy of a row at most: a load that meets another batch's copies adds and removes none."""
        copies = (copy for row, copy in enumerate(state.archive) if rows[row] and copy)
        return any(copy[0] != batch for copy in copies) and not self.variant.replaces_what_others_own

    def commit_stage(self, state: State, batch: int, rows: tuple[int, ...]) -> State:
        files = put(state.primary.files, batch, rows)
        return self.at(state._replace(primary=state.primary._replace(files=files)), batch, STAGED)

    def remove(self, state: State, batch: int, rows: tuple[int, ...], _locked: tuple[int, ...]) -> State:
        """G2: what is deleted has its copy, of just this version."""
        for row in rows:
            if state.archive[row] != (batch, state.primary.hot[row]):
                raise Violation(f"row {row} is deleted at {state.primary.hot[row]}; its copy is {state.archive[row]}")
        hot = tuple(0 if row in rows else version for row, version in enumerate(state.primary.hot))
        return state._replace(primary=state.primary._replace(hot=hot))

    def commit_restore(self, state: State, batch: int, copies: tuple[tuple[int, int] | None, ...]) -> State:
        primary = state.primary
        back = tuple(copy is not None and copy[0] == batch and not primary.hot[row] for row, copy in enumerate(copies))
        hot = tuple(copy[1] if back[row] and copy else primary.hot[row] for row, copy in enumerate(copies))
        return self.at(state._replace(primary=primary._replace(hot=hot, restored=back)), batch, RESTORED)

    def commit_purge(self, state: State, batch: int) -> State:
        free = state.primary._replace(restored=(False,) * self.bounds.rows)
        return self.at(state._replace(primary=free), batch, PURGED)
