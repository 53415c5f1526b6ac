"""Figures of the running system, and the switch that halts the report loop."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from core import heavy, queue
from core.permissions import Right
from core.queries import operations, tiers
from core.services import reports
from core.web.access import requires
from core.web.auth import current_account
from core.web.htmx import render
from core.web.stores import page_session, write_session
from staff_app.forms import HaltForm, put_back

bp = Blueprint("operations", __name__, url_prefix="/operations")


@bp.get("")
@requires(Right.OPERATIONS_READ)
def show() -> Response:
    return _page(HaltForm())


@bp.post("/halt")
@requires(Right.REPORTS_HALT)
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
@requires(Right.REPORTS_HALT)
def resume() -> Response:
    try:
        with write_session() as session:
            waiting = reports.resume(session, by=current_account())
    except reports.BadHalt as fault:
        flash(str(fault))
    else:
        queue.relay()
        flash(f"The report loop goes on; {waiting} waited.")
    return redirect(url_for(".show"), 303)


def _page(form: HaltForm, faults: list[tuple[str, str]] | None = None) -> Response:
    with heavy.read() as session:
        figures = operations.figures(session)
    with page_session() as session:
        halted = reports.halted(session)
    return render("staff/operations/show.html", status=422 if faults else 200, figures=figures, tiers=tiers.health(),
                  halted=halted, form=form, faults=faults or [])  # fmt: skip
