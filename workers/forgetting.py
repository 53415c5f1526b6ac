"""What is forgotten after some time: one list. All that grows and is not in it is kept, for a reason that is said here.

Kept, with the size of each for 500,000 patients in docs/scaling.md ("What grows"): `imported_row` (without it an import
would add its rows again), `holding` (by it a reader knows what an archive has; at most one row for a patient and a
type), `archive_run` and `batch` (by them a reader knows which copies count), `chain_head` and `kept_head_set` (they
prove that the trail is whole), and what people answer for: `correction`, `erasure`, `signer_notice`, `agent_setup`.
What belongs to a patient or an account stays as long as they do (OF_PEOPLE). The rest does not grow with use (BOUNDED).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, delete, exists, or_, select
from sqlalchemy.orm import aliased

from core.engines.functions import any_of
from core.models import (
    Alert,
    ArchiveRun,
    Base,
    Batch,
    EvalRun,
    OutboxMessage,
    RunEvent,
    RunState,
    Step,
    utc_now,
)
from core.settings.config import Settings
from core.stores import databases

ROWS_A_TRANSACTION = 5_000

# What leaves the primary by age is in core/models/record_types.py. These end with their patient, account or clinic.
OF_PEOPLE = (
    "account", "allergy", "assay", "care_team_member", "clinic", "credential", "glass_break", "last_look", "passkey",
    "patient", "patient_picture", "practitioner", "recovery_code", "reference_range", "sensitive_grant",
    "sensitive_visit", "set_up_code", "statement", "visit_tie",
)  # fmt: skip
BOUNDED = {
    "day_budget": "one row a day",
    "generation": "until a made-up population is whole",
    "generation_part": "until a made-up population is whole",
    "holding_sum": "sixteen for each record type",
    "late_root": "until the next run has read it",
    "load_figure": "by the length of its span, in the job that adds to it (core/services/load_figures.py)",
    "outlier_line": "those of each count take the place of the last ones",
    "restored_root": "until its old copies are purged and it may leave again (workers/archive/purge.py)",
    "schedule_mark": "one for each regular job",
    "sign_in": "goes as it ends (core/access/sign_ins.py)",
    "switch": "one for each switch",
}


@dataclass(frozen=True)
class Forgotten:
    """Rows of one table that go `days` after what `rows` says, in the worker of `queue`, which may delete them."""

    queue: str
    model: type[Base]
    days: Callable[[Settings], int]
    rows: Callable[[datetime], Select[int]]


def _steps(before: datetime) -> Select[int]:
    """Of runs that have long ended, but for those by which staged files are still to expire."""
    keeps_files = and_(Batch.id == Step.batch_id, Batch.staged_key.is_not(None), Batch.expired_at.is_(None))
    return select(Step.id).where(_of_ended(Step.run_id, before), ~exists().where(keeps_files))


def _run_events(before: datetime) -> Select[int]:
    return select(RunEvent.id).where(_of_ended(RunEvent.run_id, before))


def _of_ended(run_id: SQLColumnExpression[int], before: datetime) -> ColumnElement[bool]:
    return exists().where(ArchiveRun.id == run_id, ArchiveRun.state == RunState.DONE, ArchiveRun.finished_at < before)


def _evaluations(before: datetime) -> Select[int]:
    """But for the last of each suite, model and prompts: by it a setup is judged."""
    later = aliased(EvalRun)
    same = [
        or_(ours == theirs, and_(ours.is_(None), theirs.is_(None)))
        for ours, theirs in (
            (EvalRun.suite, later.suite), (EvalRun.model, later.model), (EvalRun.prompt_version, later.prompt_version)
        )
    ]  # fmt: skip
    return select(EvalRun.id).where(EvalRun.ran_at < before, exists().where(*same, later.id > EvalRun.id))


FORGOTTEN = (
    Forgotten(
        "ops", OutboxMessage, lambda settings: settings.done_job_keep_days,
        lambda before: select(OutboxMessage.id).where(OutboxMessage.done_at < before),
    ),
    Forgotten(
        "ops", Alert, lambda settings: settings.alert_keep_days,
        lambda before: select(Alert.id).where(Alert.cleared_at < before),
    ),
    Forgotten("ops", EvalRun, lambda settings: settings.evaluation_keep_days, _evaluations),
    Forgotten("archive", Step, lambda settings: settings.run_history_keep_days, _steps),
    Forgotten("archive", RunEvent, lambda settings: settings.run_history_keep_days, _run_events),
)  # fmt: skip


def forget_watched() -> str:
    """Forget what the watch over this installation has written; a job, safe to repeat."""
    return _forget("ops")


def forget_moves() -> str:
    """Forget how runs went, step by step; a job, safe to repeat."""
    return _forget("archive")


def _forget(queue: str) -> str:
    counts = [(one.model.__tablename__, _delete(one)) for one in FORGOTTEN if one.queue == queue]
    return "forgotten: " + ", ".join(f"{name} {count:,}" for name, count in counts)


def _delete(one: Forgotten) -> int:
    before = utc_now() - timedelta(days=one.days(databases.current().settings))
    key, count = one.model.__table__.c.id, 0
    while True:
        with databases.write() as session:
            ids = list(session.scalars(one.rows(before).limit(ROWS_A_TRANSACTION)))
            if ids:
                session.execute(delete(one.model).where(any_of(key, ids)))
        count += len(ids)
        if len(ids) < ROWS_A_TRANSACTION:
            return count
