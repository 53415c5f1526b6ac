"""Jobs of the report loop. Each takes ids, may run twice, and says why when it does nothing."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.jobs import outbox
from core.jobs.safe_traceback import frames
from core.models import OutboxMessage, Report, ReportState, utc_now
from core.services.reports import halting, omissions
from core.services.reports.lifecycle import IN_WORK, NoSuchReport, move
from core.services.reports.requests import TASK
from core.stores import databases
from core.stores.databases import Store
from workers.reports import loop, model_readings, model_verdicts
from workers.reports.faults import Halted, LeaseLost, LoopFailure, TryLater
from workers.reports.lease import Held, Lease, NothingToDo, OfReady, is_alive, take

log = logging.getLogger(__name__)

GIVE_UP_AFTER = timedelta(minutes=10)


def draft_report(report_id: int) -> str:
    """Take a report through the loop, from wherever it stands. Raises NotNow when it has to be asked again."""
    try:
        lease = take(report_id)
    except (NothingToDo, NoSuchReport) as fault:
        return str(fault)
    except Held as fault:
        raise outbox.NotNow(str(fault)) from None
    with lease:
        return _work(lease)


def _work(lease: Lease) -> str:
    try:
        return loop.run(lease)
    except LeaseLost as fault:
        return str(fault)
    except Halted as fault:
        return _halt(lease, str(fault))
    except TryLater as fault:
        return _wait(lease, str(fault))
    except LoopFailure as fault:
        return _fail(lease, str(fault))
    except SQLAlchemyError:
        raise
    except Exception as fault:
        log.error("report %s: %s", lease.report_id, frames(fault))
        return _fail(lease, f"a fault of the software ({type(fault).__name__}), which is in its log")


def check_edits(report_id: int) -> str:
    """Have the fact-checker read and judge what a clinician wrote into a draft. Raises NotNow to be asked again later.

    An endpoint that does not answer changes nothing: code has checked the words, and the page says that it was alone.
    """
    hold = OfReady(report_id)
    try:
        with databases.read(Store.HOT) as session:
            if halting.halted(session) is not None:
                raise outbox.NotNow("the report loop is halted")
        model_readings.read_by_model(hold, ReportState.READY)
        model_verdicts.check_by_model(hold, ReportState.READY)
        with hold.step(ReportState.READY) as (session, _):
            omissions.keep(session, report_id)
    except (LeaseLost, LoopFailure, NoSuchReport) as fault:
        return str(fault)
    except TryLater as fault:
        raise outbox.NotNow(str(fault)) from None
    return f"the edits of report {report_id} are checked"


def resume_reports() -> str:
    """Ask again for reports that a lost worker, or a lost message, left behind."""
    with databases.write() as session:
        if halting.halted(session) is not None:
            return "the report loop is halted"
        left = [report.id for report in _in_work(session) if not is_alive(report.heartbeat_at, utc_now())]
        asked = _asked_for(session)
        resumed = [report_id for report_id in left if report_id not in asked]
        for report_id in resumed:
            outbox.add(session, TASK, report_id=report_id)
    return f"{len(resumed)} report(s) resumed"


def _in_work(session: Session) -> list[Report]:
    return list(session.scalars(select(Report).where(Report.state.in_(IN_WORK))))


def _asked_for(session: Session) -> set[int]:
    query = select(OutboxMessage.arguments).where(OutboxMessage.done_at.is_(None), OutboxMessage.task == TASK)
    return {int(arguments["report_id"]) for arguments in session.scalars(query)}


def _fail(lease: Lease, cause: str) -> str:
    with lease.step(*IN_WORK) as (session, report):
        move(session, report, ReportState.FAILED, reason=cause)
    return f"report {lease.report_id} failed: {cause}"


def _halt(lease: Lease, cause: str) -> str:
    """Leave the report where it is; the person who resumes the loop asks for it again."""
    with lease.step(*IN_WORK) as (_, report):
        report.reason, report.heartbeat_at, report.started_at = cause, None, None
    return f"report {lease.report_id} waits: {cause}"


def _wait(lease: Lease, cause: str) -> str:
    """Leave the report where it is until what it needs is available again; give up after GIVE_UP_AFTER."""
    with lease.step(*IN_WORK) as (_, report):
        waited = utc_now() - (report.started_at or report.requested_at)
        if waited <= GIVE_UP_AFTER:
            report.reason, report.heartbeat_at = f"waiting: {cause}", None
    if waited <= GIVE_UP_AFTER:
        raise outbox.NotNow(cause)
    return _fail(lease, f"{cause} (tried for {GIVE_UP_AFTER.seconds // 60} minutes)")
