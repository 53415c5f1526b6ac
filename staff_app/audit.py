"""Searching the audit trail."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.models import Role
from core.queries import audit_outliers, audit_trail
from core.queries.audit_outliers import GLASS_DAYS, LOOK_DAYS
from core.queries.audit_trail import Wanted
from core.stores import replica_reads
from core.stores.hot_and_archived import BadCursor, Cursor
from core.web.access import record, requires
from core.web.htmx import render
from staff_app.clock import midnight

bp = Blueprint("audit", __name__, url_prefix="/audit")

FILTERS = ("person", "role", "patient", "action", "outcome", "since", "until")


@bp.get("")
@requires(Right.AUDIT_READ)
def search() -> Response:
    typed = {name: request.args.get(name, "").strip().replace("\0", "")[:120] for name in FILTERS}
    faults: list[tuple[str, str]] = []
    wanted = _wanted(typed, faults)
    record("audit.searched", target="access_event")
    page = None
    if not faults:
        with replica_reads.read(replica_reads.PAGE_SECONDS) as session:
            page = audit_trail.search(session, wanted, after=_cursor(request.args.get("after")))
    following = str(page.next) if page and page.next else None
    return render("staff/audit/search.html", fragment="staff/audit/_events.html", status=422 if faults else 200,
                  typed=typed, faults=faults, found=page, following=following)  # fmt: skip


@bp.get("/outliers")
@requires(Right.AUDIT_READ)
def outliers() -> Response:
    record("audit.outliers_viewed", target="access_event")
    with replica_reads.read(replica_reads.PAGE_SECONDS) as session:
        found = audit_outliers.outliers(session)
    return render("staff/audit/outliers.html", found=found, glass_days=GLASS_DAYS, look_days=LOOK_DAYS)


def _wanted(typed: dict[str, str], faults: list[tuple[str, str]]) -> Wanted:
    until = _day(typed, "until", faults)
    return Wanted(
        person=typed["person"] or None,
        patient_id=_patient_id(typed["patient"], faults),
        action=typed["action"] or None,
        role=typed["role"] if typed["role"] in set(Role) else None,
        outcome=typed["outcome"] if typed["outcome"] in ("allow", "deny") else None,
        since=midnight(_day(typed, "since", faults)),
        until=midnight(until + timedelta(days=1)) if until else None,
    )


def _patient_id(text: str, faults: list[tuple[str, str]]) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    faults.append(("patient", "Enter a patient's number, digits only."))
    return None


def _day(typed: dict[str, str], name: str, faults: list[tuple[str, str]]) -> date | None:
    try:
        day = date.fromisoformat(typed[name]) if typed[name] else None
    except ValueError:
        day = date.min
    # The ends of the calendar have no neighbouring day, nor a time in every zone.
    if day is None or date.min.year < day.year < date.max.year:
        return day
    faults.append((name, "Enter a day such as 2026-11-12."))
    return None


def _cursor(raw: str | None) -> Cursor | None:
    try:
        return Cursor.parse(raw) if raw else None
    except BadCursor:
        abort(400)
