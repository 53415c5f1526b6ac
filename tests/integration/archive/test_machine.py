"""Everything that can happen to rows and batches, in any order, against a twin in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select, text, update

from core.archiving import failpoints
from core.archiving.failpoints import Crash
from core.models import (
    ArchiveRun,
    Batch,
    BatchKind,
    BatchState,
    Patient,
    RestoredRoot,
    RunKind,
    RunState,
    utc_now,
)
from core.picture import rebuild
from core.services import archive, archive_restore
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account
from tests.integration.archive.conftest import PATIENTS, VISITS, populate, start
from tests.integration.archive.readers import counting, shown_to_readers
from tests.integration.archive.record_rules import RecordRules, numbers, pick
from tests.integration.archive.twin import Twin, restores_left
from workers.archive import driver, purge

MOVING = (BatchState.PLANNED, BatchState.STAGED, BatchState.LOADED, BatchState.VERIFIED)
STEPS_TO_REST = 400


class Machine(RecordRules):
    """One population from its first move to its last restore."""

    empty_tables: Callable[[], None]
    sync_replica: Callable[[], None]
    # Of all machines of one test.
    steps_taken = 0

    def __init__(self) -> None:
        super().__init__()
        self.empty_tables()
        self.patients = populate()
        rebuild.rebuild_all()
        self.visits = list(range(1, PATIENTS * VISITS + 1))
        self.sync_replica()
        self.twin = Twin()
        self.run_id: int | None = None
        self.run_state: str | None = None
        self.erased: set[int] = set()
        self.errors: set[str] = set()
        with databases.write() as session:
            self.clinician_id = make_account(session).id
        self.damaged = False

    @invariant()
    def the_run_stands_where_this_step_has_left_it(self) -> None:
        """Looked at once: nine rules ask before the next step."""
        self.run_state = self.state()

    @invariant()
    def every_row_is_where_it_should_be(self) -> None:
        self.twin.check()

    @invariant()
    def pages_show_what_counts_and_nothing_else(self) -> None:
        """Of every tier: all but what was entered in error, and what was written at such a visit; patients in turn."""
        shown = sorted(set(self.patients) - self.erased)
        self.check_pages(shown[self.steps_taken % len(shown)])

    def check_pages(self, patient_id: int) -> None:
        assert shown_to_readers(patient_id) == counting(self.twin.rows, patient_id, self.errors)

    @invariant()
    def the_picture_is_what_all_tiers_say(self) -> None:
        type(self).steps_taken += 1
        assert rebuild.stale() == []
        assert rebuild.differences(self.patients) == []

    def state(self) -> str | None:
        with databases.read(Store.HOT) as session:
            return session.scalar(select(ArchiveRun.state).where(ArchiveRun.id == self.run_id))

    def is_open(self) -> bool:
        return self.run_state not in (None, RunState.DONE)

    def is_moving(self) -> bool:
        return self.run_state in (RunState.PLANNING, RunState.RUNNING)

    @precondition(lambda self: not self.is_open())
    @rule(batch_rows=st.integers(min_value=1, max_value=7))
    def start_run(self, batch_rows: int) -> None:
        self.run_id = start(batch_rows=batch_rows)

    @precondition(lambda self: self.is_moving())
    @rule(times=st.integers(min_value=1, max_value=4))
    def step(self, times: int) -> None:
        for _ in range(times):
            if not driver.advance(self.run_id):  # type: ignore[arg-type]
                break

    @precondition(lambda self: self.is_moving())
    @rule(point=st.sampled_from([name for name in failpoints.NAMES if not name.startswith("purge.")]))
    def crash(self, point: str) -> None:
        """The worker dies at this place, if its next steps come by; another takes over."""
        with failpoints.armed(f"{point}=raise"):
            for _ in range(3):
                try:
                    if not driver.advance(self.run_id):  # type: ignore[arg-type]
                        break
                except Crash:
                    break
        driver.drive(self.run_id, slice_seconds=0)  # type: ignore[arg-type]

    @rule(number=numbers, held=st.booleans())
    def hold(self, number: int, held: bool) -> None:
        with databases.write() as session:
            session.execute(update(Patient).where(Patient.id == pick(self.patients, number)).values(legal_hold=held))

    @precondition(lambda self: self.run_state == RunState.RUNNING)
    @rule(number=numbers)
    def repeat_a_step(self, number: int) -> None:
        """As if a worker had done a step and its note of it were lost."""
        with databases.write() as session:
            moving = session.scalars(
                select(Batch).where(Batch.state.in_(MOVING), Batch.kind != BatchKind.RESTORE)
            ).first()
            if moving is not None and moving.state != BatchState.PLANNED:
                moving.state = MOVING[number % MOVING.index(BatchState(moving.state))]

    @precondition(lambda self: self.run_state == RunState.RUNNING)
    @rule()
    def damage_a_copy(self) -> None:
        """Of a batch that is loaded and not yet verified: verify finds it."""
        with databases.write() as session:
            batch = session.scalars(select(Batch).where(Batch.state == BatchState.LOADED)).first()
        if batch is not None:
            query = text("UPDATE observation SET value_text = 'damaged' WHERE batch_id = :batch")
            with databases.current().engine(Store.VISITS, read_only=False).begin() as server:
                server.execute(query, {"batch": batch.id})

    @precondition(lambda self: self.run_state == RunState.RUNNING)
    @rule()
    def pause(self) -> None:
        with databases.write() as session:
            archive.pause(session, run_id=self.run_id, by=None)  # type: ignore[arg-type]

    @precondition(lambda self: self.run_state == RunState.PAUSED)
    @rule()
    def resume(self) -> None:
        with databases.write() as session:
            archive.resume(session, run_id=self.run_id, by=None)  # type: ignore[arg-type]

    @precondition(lambda self: self.run_state == RunState.FAILED)
    @rule()
    def redrive(self) -> None:
        with databases.write() as session:
            archive.redrive(session, run_id=self.run_id, by=None)  # type: ignore[arg-type]

    @precondition(lambda self: not self.is_open())
    @rule(number=numbers, what=st.sampled_from(["patient", "batch", "run"]))
    def start_restore(self, number: int, what: str) -> None:
        try:
            with databases.write() as session:
                self.run_id = self._restore(session, what, number)
        except archive_restore.NothingToRestore:
            return

    def _restore(self, session: Any, what: str, number: int) -> int:
        if what == "patient":
            patient = pick(self.patients, number)
            run = archive_restore.start_patient_restore(session, patient_id=patient, record_type="visit", by=None)
        elif what == "batch":
            batches = list(session.scalars(select(Batch.id).order_by(Batch.id))) or [0]
            run = archive_restore.start_batch_restore(session, batch_id=pick(batches, number), by=None)
        else:
            runs = list(session.scalars(select(ArchiveRun.id).where(ArchiveRun.kind == RunKind.ARCHIVE))) or [0]
            run = archive_restore.start_run_restore(session, run_id=pick(runs, number), by=None)
        return run.id

    @rule()
    def purge(self) -> None:
        self.sync_replica()
        self.twin.unsettled.clear()
        purge.purge_restored()

    @rule(point=st.sampled_from([name for name in failpoints.NAMES if name.startswith("purge.")]))
    def crash_while_purging(self, point: str) -> None:
        with failpoints.armed(f"{point}=raise"):
            try:
                purge.purge_restored()
            except Crash:
                return

    @rule()
    def forget_that_they_came_back(self) -> None:
        """The days for which restored rows stay hot are over."""
        with databases.write() as session:
            session.execute(update(RestoredRoot).values(keep_until=utc_now() - timedelta(seconds=1)))

    def teardown(self) -> None:
        """Whatever happened, what is under way comes to its end, and all is where it should be."""
        for _ in range(STEPS_TO_REST):
            self.the_run_stands_where_this_step_has_left_it()
            if not self.is_open():
                break
            if self.run_state == RunState.FAILED:
                self.redrive()
            elif self.run_state == RunState.PAUSED:
                self.resume()
            driver.advance(self.run_id)  # type: ignore[arg-type]
        assert not self.is_open()
        self.twin.check()
        self.twin.check_holdings()
        for _ in range(20):
            if not restores_left():
                break
            self.purge()
        assert not restores_left()
        self.twin.check()
        for patient_id in sorted(set(self.patients) - self.erased):
            self.check_pages(patient_id)


@pytest.fixture
def machine(
    database: Any,
    empty_tables: Callable[[], None],
    sync_replica: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> type[Machine]:
    """Restored copies may be purged at once; the throttles let everything through."""
    monkeypatch.setattr(Machine, "empty_tables", staticmethod(empty_tables), raising=False)
    monkeypatch.setattr(Machine, "sync_replica", staticmethod(sync_replica), raising=False)
    monkeypatch.setattr(Machine, "steps_taken", 0)
    databases.current().settings = database.model_copy(
        update={"restored_grace_seconds": 1e-6, "archive_lag_max_seconds": 3_600.0}
    )
    return Machine


def play(machine: type[Machine], examples: int, steps: int, *, derandomize: bool) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=derandomize,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


# It looks at all tiers after each step; some servers read a linked table in half a second.
@pytest.mark.timeout(3_600)
def test_anything_in_any_order(machine: type[Machine]) -> None:
    play(machine, 4, 25, derandomize=True)


# In parts, each of which can be run again alone.
@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("part", range(10))
def test_ten_thousand_steps(machine: type[Machine], part: int) -> None:
    while machine.steps_taken < 1_000:
        play(machine, 2, 100, derandomize=False)
