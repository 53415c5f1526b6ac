"""The archive's dashboard: what is cold, and starting a run. No patient's data."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.jobs import outbox
from core.queries import archive, tiers
from core.queries.tiers import ColdCount
from core.services import archive as runs
from core.services.archive import BadDay, RunUnderWay
from core.stores import databases
from core.stores.databases import Store
from core.web.access import requires
from core.web.auth import current_account
from core.web.htmx import render
from core.web.page_sessions import page_session, write_session
from staff_app.archive_steps import MOVING
from staff_app.clock import midnight
from staff_app.forms import RunForm, put_back, unreadable

FEW_SHOWN, ALL_SHOWN = 8, 100

bp = Blueprint("archive", __name__, url_prefix="/archive")


@bp.get("")
@requires(Right.ARCHIVE_RUN)
def dashboard() -> Response:
    return _dashboard(RunForm())


@bp.get("/runs")
@requires(Right.ARCHIVE_RUN)
def runs_shown() -> Response:
    """The runs alone: what the dashboard polls, without counting what is cold or asking the servers each time."""
    return render("staff/archive/runs.html", fragment="staff/archive/_runs.html",
                  **_runs(FEW_SHOWN if "few" in request.args else None))  # fmt: skip


@bp.post("/runs")
@requires(Right.ARCHIVE_RUN, confirmed=True)
def start() -> Response:
    form = RunForm()
    faults = unreadable(form) if form.validate() else {**unreadable(form), **dict(form.faults)}
    if faults:
        return _dashboard(form, put_back(form, faults), status=422)
    try:
        with write_session() as session:
            run = runs.start_run(
                session,
                record_type=form.record_type.data,
                as_of=midnight(form.as_of.data),
                dry_run=bool(form.dry_run.data),
                by=current_account(),
            )
    except BadDay as fault:
        return _dashboard(form, put_back(form, {"as_of": f"{str(fault)[0].upper()}{str(fault)[1:]}."}), status=422)
    except RunUnderWay as fault:
        return _dashboard(form, [("record_type", f"{str(fault).capitalize()}.")], status=409)
    outbox.ring()
    return redirect(url_for(".run", run_id=run.id), 303)


def _dashboard(form: RunForm, faults: list[tuple[str, str]] | None = None, *, status: int = 200) -> Response:
    with page_session() as session:
        holdings = {total.record_type: total for total in archive.holdings(session)}
    return render("staff/archive/dashboard.html", status=status, form=form, faults=faults or [], cold=_cold(),
                  tiers=tiers.health(), holdings=holdings, **_runs(FEW_SHOWN))  # fmt: skip


def _runs(few: int | None) -> dict[str, Any]:
    with page_session() as session:
        found = archive.runs(session, few or ALL_SHOWN)
    return {"runs": found, "few": few, "follow": any(run.state in MOVING for run in found)}


def _cold() -> tuple[ColdCount, ...] | None:
    try:
        with databases.read(Store.REPLICA) as session:
            return tiers.cold_now(session)
    except SQLAlchemyError:
        return None
