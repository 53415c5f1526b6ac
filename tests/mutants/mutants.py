"""Faults that somebody could make in the code that moves and routes rows, and the test that sees each."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MOVE = "tests/integration/archive/test_move.py"
RESTORE = "tests/integration/archive/test_restore.py"
SNAPSHOTS = "tests/integration/archive/test_snapshots.py"
COLD = "tests/integration/cold/test_silent_archive.py"
HISTORIES = "tests/integration/freshness/test_modelled_histories.py"
PICTURE = "tests/unit/test_picture_values.py"
UPKEEP = "tests/integration/picture/test_upkeep.py"
WRITERS = "tests/integration/picture/test_writers.py"
ANEW = "tests/integration/staff/test_written_anew.py"
NEWEST = "tests/integration/staff/test_staff_newest.py"
CORRECTED = "tests/integration/staff/test_entered_in_error.py"
NEWS = "tests/integration/web/test_news.py"
PAPER = "tests/unit/web/test_paper.py"
WATCH = "tests/unit/test_replica_watch.py"
REPLICA = "tests/integration/freshness/test_replica_use.py"

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
        "core/archiving/hashes.py",
        "for name in hashed_columns(table.name, version)]",
        "for name in hashed_columns(table.name, version)[:1]]",
        f"{MOVE}::test_a_copy_that_differs_stops_the_run",
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
        f"{WATCH}::test_a_restart_that_nobody_saw_is_told_by_the_incarnation",
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
    Mutant(
        "a picture without the newest outside its range",
        "core/picture/values.py",
        "return [*kept, outside] if outside is not None and outside not in kept else kept",
        "return kept",
        f"{PICTURE}::test_the_newest_and_the_newest_outside_its_range_are_kept",
    ),
    Mutant(
        "visits kept apart take the others' places",
        "core/picture/values.py",
        "mine = [value for value in history if value.visit_id in apart]",
        "mine = [value for value in history if value.visit_id in apart][:KEPT]",
        f"{PICTURE}::test_of_visits_kept_apart_all_is_kept_beside_the_others",
    ),
    Mutant(
        "a removal asks for no older value",
        "core/picture/values.py",
        "if len(became) < KEPT or place(became[KEPT - 1]) < known_since:",
        "if not became:",
        f"{PICTURE}::test_a_removal_of_what_is_kept_asks_for_older_values",
    ),
    Mutant(
        "a corrected flag asks for no older value",
        "core/picture/values.py",
        "return outside is None or (now is not None and place(now) >= min(place(outside), known_since))",
        "return True",
        f"{PICTURE}::test_a_corrected_flag_asks_for_the_outside_value_before_it",
    ),
    Mutant(
        "of one instant any row is the newest",
        "core/picture/values.py",
        "return value.observed_at, value.id",
        "return value.observed_at, -value.id",
        f"{PICTURE}::test_of_one_instant_the_later_row_is_newer",
    ),
    Mutant(
        "a new row is not merged",
        "core/picture/upkeep.py",
        "change(kept.values, gone, full_read.written(session, patient_id, gone), apart)",
        "change(kept.values, gone, [], apart)",
        f"{UPKEEP}::test_a_new_result_comes_first",
    ),
    Mutant(
        "a silent archive leaves a picture that calls itself right",
        "core/picture/upkeep.py",
        'return {"content": pack(values), "stale_at": utc_now()}',
        'return {"content": pack(values)}',
        f"{UPKEEP}::test_a_removal_while_the_archive_is_silent_is_stale_until_it_is_rebuilt",
    ),
    Mutant(
        "writers of one picture do not wait for each other",
        "core/picture/upkeep.py",
        ".where(TABLE.c.patient_id == patient_id).with_for_update()",
        ".where(TABLE.c.patient_id == patient_id)",
        f"{UPKEEP}::test_two_writers_of_one_patient_take_turns",
    ),
    Mutant(
        "a picture that was never built calls itself right",
        "core/picture/upkeep.py",
        '"content": NOTHING, "stale_at": now} for patient_id in missing]',
        '"content": NOTHING, "stale_at": None} for patient_id in missing]',
        f"{UPKEEP}::test_a_writer_without_a_picture_leaves_one_that_waits",
    ),
    Mutant(
        "a rebuild overwrites what was written meanwhile",
        "core/picture/rebuild.py",
        "TABLE.c.patient_id == patient_id, TABLE.c.version == version)",
        "TABLE.c.patient_id == patient_id)",
        f"{UPKEEP}::test_a_rebuild_leaves_alone_what_is_written_meanwhile",
    ),
    Mutant(
        "a visit that is kept apart leaves the picture as it was",
        "core/services/sensitive_visits.py",
        "    picture.refresh_all(session, patient_id)\n",
        "",
        f"{NEWEST}::test_the_newest_for_a_reader_is_not_of_a_visit_hidden_from_that_reader",
    ),
    Mutant(
        "an import forgets the rows that it changes",
        "core/interchange/upsert.py",
        '            work.measured.setdefault(row["patient_id"], []).append(entry.row_id)\n',
        "            pass\n",
        f"{WRITERS}::test_a_second_import_that_changes_and_adds_rows",
    ),
    Mutant(
        "the picture keeps a result that was written anew",
        "core/services/corrections.py",
        "observation_ids=[row.id, new.id])",
        "observation_ids=[new.id])",
        f"{ANEW}::test_an_archived_result_is_written_anew_and_both_name_each_other",
    ),
    Mutant(
        "the picture keeps the old day of results that moved with their visit",
        "core/services/corrections.py",
        "    if results:\n        picture.refresh(session, row.patient_id, observation_ids=results)\n",
        "",
        f"{ANEW}::test_a_visits_times_are_edited_and_what_was_written_with_it_moves_along",
    ),
    Mutant(
        "the picture keeps a result that was entered in error",
        "core/services/corrections.py",
        'def _leave_out(session: Session, row: _Row) -> None:\n    if row.table == "observation":',
        'def _leave_out(session: Session, row: _Row) -> None:\n    if row.table == "nothing":',
        f"{CORRECTED}::test_a_result_entered_in_error_counts_no_longer_until_that_is_undone",
    ),
    Mutant(
        "the picture keeps what was written at a visit entered in error",
        "core/services/corrections.py",
        "        picture.refresh_visit(session, row.patient_id, row.id)\n",
        "        pass\n",
        f"{CORRECTED}::test_with_a_visit_goes_what_was_written_at_it_and_comes_back_with_it",
    ),
    Mutant(
        "a visit that counts again leaves its results out",
        "core/services/corrections.py",
        "        picture.read_again(session, patient_id, None)\n",
        "        pass\n",
        f"{CORRECTED}::test_with_a_visit_goes_what_was_written_at_it_and_comes_back_with_it",
    ),
    Mutant(
        "archived rows count whatever was corrected",
        "core/stores/hot_and_archived.py",
        "    if not with_errors and name in counted.TABLES:",
        "    if not with_errors and name in ():",
        f"{CORRECTED}::test_an_archived_result_is_taken_out_without_a_write_to_any_archive",
    ),
    Mutant(
        "looks of one sitting are many",
        "core/services/last_looks.py",
        "elif now - kept.looked_at > SITTING:",
        "elif now - kept.looked_at > STILL:",
        f"{NEWS}::test_looks_of_one_sitting_are_one",
    ),
    Mutant(
        "a look is known no longer than its event",
        "core/queries/news.py",
        "kept = session.get(LastLook, (reader, patient_id))",
        "kept = None",
        f"{NEWS}::test_a_look_outlives_its_event",
    ),
    Mutant(
        "documents of a long record stay in memory",
        "core/web/paper/record_sheet.py",
        "            gc.collect()\n",
        "",
        f"{PAPER}::test_of_documents_one_after_another_none_stays_in_memory",
    ),
)
