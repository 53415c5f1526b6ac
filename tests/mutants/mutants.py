"""Faults that somebody could make in the code that moves and routes rows, and the test that sees each."""

from __future__ import annotations

from dataclasses import dataclass

MOVE = "tests/integration/archive/test_move.py"
RESTORE = "tests/integration/archive/test_restore.py"
SNAPSHOTS = "tests/integration/archive/test_snapshots.py"
COLD = "tests/integration/cold/test_silent_archive.py"
HISTORIES = "tests/integration/freshness/test_modelled_histories.py"
REPLICA = "tests/integration/freshness/test_replica_use.py"


@dataclass(frozen=True)
class Mutant:
    """A text in a file and what is put in its place; `killed_by` is a test that must then fail."""

    name: str
    file: str
    old: str
    new: str
    killed_by: str


MUTANTS = (
    Mutant(
        "delete before verify",
        "workers/archive/steps.py",
        "BatchState.LOADED: Work(StepName.VERIFY, verify, BatchState.VERIFIED)",
        "BatchState.LOADED: Work(StepName.VERIFY, lambda *_: 0, BatchState.VERIFIED)",
        f"{MOVE}::test_a_copy_that_differs_stops_the_run",
    ),
    Mutant(
        "no version check",
        "workers/archive/release.py",
        "if _remove(moving, table) != (staged.rows, staged.versions):",
        "if _remove(moving, table)[0] != staged.rows:",
        f"{MOVE}::test_an_edit_during_the_move_stays_hot",
    ),
    Mutant(
        "superseded copies left behind",
        "workers/archive/release.py",
        "if superseded_ids.get(table.name):",
        "if superseded_ids.get(table.name) and False:",
        f"{MOVE}::test_an_edit_during_the_move_stays_hot",
    ),
    Mutant(
        "a hash over too few columns",
        "workers/archive/hashes.py",
        "for name in hashed_columns(table.name, version)]",
        "for name in hashed_columns(table.name, version)[:1]]",
        f"{MOVE}::test_an_edit_behind_the_version_is_seen_by_its_hash",
    ),
    Mutant(
        "a batch owns its copies before its release",
        "core/stores/archived.py",
        "settled = (BatchState.RELEASED, BatchState.PURGED)",
        "settled = (BatchState.RELEASED, BatchState.PURGED, BatchState.VERIFIED)",
        f"{SNAPSHOTS}::test_whatever_moves_between_hot_and_cold",
    ),
    Mutant(
        "a batch that the snapshot does not know is visible",
        "core/stores/archived.py",
        "owned = batch <= seen.last",
        "owned = batch > 0",
        f"{SNAPSHOTS}::test_whatever_moves_between_hot_and_cold",
    ),
    Mutant(
        "cold before hot: each statement its own snapshot",
        "core/stores/databases.py",
        "isolation_level=level",
        'isolation_level="READ COMMITTED"',
        f"{SNAPSHOTS}::test_the_window_belongs_to_the_snapshot_of_the_hot_rows",
    ),
    Mutant(
        "purge at once",
        "workers/archive/purge.py",
        "return utc_now() - batch.replayed_at > grace and _oldest_snapshot(session) > batch.replayed_at",
        "return True",
        f"{SNAPSHOTS}::test_a_purge_waits_for_every_older_snapshot",
    ),
    Mutant(
        "restored roots move again before the purge",
        "core/archiving/eligible.py",
        "is_free(record_type), ~is_kept(record_type))",
        "is_free(record_type))",
        f"{RESTORE}::test_restored_rows_stay_hot_for_a_while",
    ),
    Mutant(
        "a copy is added, not replaced",
        "workers/archive/load.py",
        "archive.execute(delete(copies).where(copies.c[BATCH_COLUMN] == batch.id))",
        "pass",
        f"{MOVE}::test_each_step_can_be_repeated",
    ),
    Mutant(
        "own writes are not waited for",
        "core/stores/routing.py",
        "if replica.position < needs:",
        "if replica.position < 0:",
        f"{HISTORIES}::test_histories",
    ),
    Mutant(
        "a restarted replica is trusted at once",
        "core/stores/replica_watch.py",
        "self._incarnation, self._is_settled = look.incarnation, False",
        "self._incarnation, self._is_settled = look.incarnation, True",
        f"{HISTORIES}::test_histories",
    ),
    Mutant(
        "a replica that is cut off calls itself fresh",
        "core/stores/replica_watch.py",
        "        bounds = [look.newest_age_seconds] if",
        "        return 0.0\n        bounds = [look.newest_age_seconds] if",
        f"{REPLICA}::test_a_standby_cut_off_from_its_primary",
    ),
    Mutant(
        "the breaker never opens",
        "core/stores/outage.py",
        "self._open_until = self._clock() + BREAKER_SECONDS",
        "self._open_until = self._clock()",
        f"{COLD}::test_a_silent_archive_fails_soon_and_then_at_once",
    ),
)
