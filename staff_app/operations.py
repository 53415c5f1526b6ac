"""Figures of the running system, and the switch that halts the report loop."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.jobs import outbox
from core.models import utc_now
from core.queries import alerts, evaluations, operations, tiers
from core.queries.loop_figures import WINDOWS_DAYS, loop_figures, span
from core.services import reports
from core.stores import policy_violations, redis, replica_reads
from core.web.access import requires
from core.web.auth import current_account
from core.web.htmx import render
from core.web.page_sessions import page_session, write_session
from staff_app import runbooks
from staff_app.forms import HaltForm, put_back
from staff_app.operations_alerts import alert_lines, amounts, limits
from staff_app.operations_figures import eval_weeks, figures

DAYS_SHOWN = 28
PAST_ALERTS_SHOWN = 30

bp = Blueprint("operations", __name__, url_prefix="/operations")


@bp.get("")
@requires(Right.OPERATIONS_READ)
def show() -> Response:
    return _page(HaltForm())


@bp.post("/halt")
@requires(Right.REPORTS_HALT, confirmed=True)
def halt() -> Response:
    form = HaltForm()
    try:
        with write_session() as session:
            reports.halt(session, reason=form.reason.data or "", by=current_account())
    except reports.BadHalt as fault:
        return _page(form, put_back(form, {"reason": str(fault)}))
    flash("The report loop is halted.")
    return redirect(url_for(".show"), 303)


@bp.post("/resume")
@requires(Right.REPORTS_HALT, confirmed=True)
def resume() -> Response:
    try:
        with write_session() as session:
            waiting = reports.resume(session, by=current_account())
    except reports.BadHalt as fault:
        flash(str(fault))
    else:
        outbox.ring()
        flash(f"The report loop goes on; {waiting} waited.")
    return redirect(url_for(".show"), 303)


@bp.get("/runbooks/<name>")
@requires(Right.OPERATIONS_READ)
def runbook(name: str) -> Response:
    found = runbooks.read(name)
    if found is None:
        abort(404)
    return render("staff/operations/runbook.html", name=name, title=found.title, parts=found.parts)


def _page(form: HaltForm, faults: list[tuple[str, str]] | None = None) -> Response:
    with page_session() as session:
        halted = reports.halted(session)
        lines = alert_lines(alerts.firing(session))
        past = amounts(alerts.history(session, PAST_ALERTS_SHOWN))
        evaluated = alerts.evaluated(session)
    return render("staff/operations/show.html", status=422 if faults else 200, tiers=tiers.health(), halted=halted,
                  form=form, faults=faults or [], alerts=lines, past=past, evaluated=evaluated,
                  rules={line.name: line for line in lines}, windows=WINDOWS_DAYS,
                  violations=policy_violations.counts(redis.client(), utc_now()), **_figures(_days()))  # fmt: skip


def _days() -> int:
    """The span that was asked for, or the usual one if no link offers it."""
    return next((days for days in WINDOWS_DAYS if request.args.get("days") == str(days)), DAYS_SHOWN)


def _figures(days: int) -> dict[str, Any]:
    """What the page reads from the replica; while the replica is down, only these figures are missing."""
    over = span(days, utc_now().date())
    try:
        with replica_reads.read(replica_reads.PAGE_SECONDS) as session:
            now = operations.figures(session, over.since)
            weeks = evaluations.weekly(session, "factcheck", len(eval_weeks(over)))
            shown = figures(loop_figures(session, over), weeks, now.models, limits)
    except (replica_reads.ReplicaBehind, SQLAlchemyError):
        return {"days": days, "now": None, "figures": ()}
    return {"days": days, "now": now, "figures": shown}
