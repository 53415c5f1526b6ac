"""Expiry: staged files are deleted some days after their batch was released, never before."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import select

from core.models import Batch, BatchState, Step, StepName, StepState, utc_now
from core.staging import object_store
from core.staging.contract import StagingError
from core.stores import databases
from workers.archive.staged_files import batch_folder

log = logging.getLogger(__name__)

SETTLED = (BatchState.RELEASED, BatchState.RESTORED, BatchState.PURGED)
BATCHES_A_JOB = 200


def expire_staged() -> str:
    """Remove what was staged longer ago than STRATA_STAGING_KEEP_DAYS; a job, safe to repeat."""
    before = utc_now() - timedelta(days=databases.current().settings.staging_keep_days)
    released = select(Step.batch_id).where(
        Step.name == StepName.RELEASE, Step.state == StepState.DONE, Step.finished_at < before
    )
    due = select(Batch.id).where(
        Batch.state.in_(SETTLED), Batch.staged_key.is_not(None), Batch.expired_at.is_(None), Batch.id.in_(released)
    )
    with databases.write() as session:
        found = session.scalars(due.order_by(Batch.id).limit(BATCHES_A_JOB)).all()
    removed = sum(remove_staged(batch_id) for batch_id in found)
    return f"staged files of {removed} batches removed"


def remove_staged(batch_id: int) -> bool:
    """Remove a settled batch's staged files, with those of abandoned attempts. Returns whether that could be done."""
    with databases.write() as session:
        batch = session.get_one(Batch, batch_id, with_for_update=True)
        if batch.state not in SETTLED:
            return False
        try:
            object_store().delete(batch_folder(batch))
        except StagingError as fault:
            log.warning("batch %s: %s", batch_id, fault)
            return False
        batch.expired_at = utc_now()
    return True
