"""Restoring archived rows: first what would come back, then the restore itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from flask import redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.jobs import outbox
from core.models.record_types import RECORD_TYPES
from core.queries import retention
from core.queries.retention import Restorable
from core.services import archive as runs
from core.services import archive_restore as restores
from core.services.meant import AnotherPerson, Meant
from core.web.access import requires
from core.web.auth import current_account
from core.web.htmx import render
from core.web.page_sessions import page_session, write_session
from staff_app import naming
from staff_app.archive import bp


class What(NamedTuple):
    """What a person wants back: one kind of thing by its number; `record_type` goes with a patient."""

    kind: str
    number: int
    record_type: str


def read_what(typed: Mapping[str, str]) -> What | None:
    """What the person asked for, or None if the request does not say it clearly."""
    for kind in ("batch", "run", "patient"):
        number = typed.get(kind, "").strip()
        record_type = typed.get("type", "visit")
        if number.isascii() and number.isdigit() and len(number) < 19 and record_type in RECORD_TYPES:
            return What(kind, int(number), record_type)
    return None


@bp.get("/restore")
@requires(Right.ARCHIVE_RUN)
def restore() -> Response:
    return _page(read_what(request.args))


@bp.post("/restore")
@requires(Right.ARCHIVE_RUN, confirmed=True)
def start_restore() -> Response:
    what = read_what(request.form)
    if what is None:
        return _page(None, status=422)
    if what.kind == "patient" and not naming.is_sure(what.number):
        person, wrong = naming.asked(what.number, request.form.get("born"))
        return _page(what, person=person, fault=next(iter(wrong.values()), None), status=422 if wrong else 200)
    try:
        with _guarded(what), write_session() as session:
            run = _start(session, what)
    except AnotherPerson as fault:
        return _page(what, fault=f"{str(fault).capitalize()}.", status=422)
    except (restores.NothingToRestore, runs.RunUnderWay) as fault:
        return _page(what, fault=f"{str(fault).capitalize()}.", status=409)
    outbox.ring()
    return redirect(url_for(".run", run_id=run.id), 303)


def _guarded(what: What) -> AbstractContextManager[None]:
    """Only for a patient a year of birth is asked."""
    return naming.guarded(what.number) if what.kind == "patient" else nullcontext()


def _start(session: Session, what: What) -> runs.ArchiveRun:
    by = current_account()
    if what.kind == "batch":
        return restores.start_batch_restore(session, batch_id=what.number, by=by)
    if what.kind == "run":
        return restores.start_run_restore(session, run_id=what.number, by=by)
    return restores.start_patient_restore(session, patient_id=what.number, record_type=what.record_type, by=by,
                                          born=request.form.get("born"))  # fmt: skip


def _page(what: What | None, *, person: Meant | None = None, fault: str | None = None, status: int = 200) -> Response:
    with page_session() as session:
        found = _restorable(session, what) if what is not None else None
    return render("staff/archive/restore.html", status=status, what=what, found=found, fault=fault, person=person)


def _restorable(session: Session, what: What) -> Restorable | None:
    if what.kind == "patient":
        return retention.of_patient(session, patient_id=what.number, record_type=what.record_type)
    return retention.in_batches(session, **{f"{what.kind}_id": what.number})
