"""Correcting one row: an edit by its author, an addendum, entered in error, and undoing that."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.access import authorship
from core.access.authorship import Standing
from core.access.care import NotInCare
from core.access.permissions import PermissionDenied, Right
from core.queries import corrections as queries
from core.queries import visit_form
from core.queries.corrections import CorrectedRow
from core.queries.patients import PatientHeader
from core.queries.reference_ranges import age_on
from core.services import corrections
from core.services.care import BadReason
from core.services.corrected_values import ANEW, FIELDS, local_minute
from core.services.corrections import NAMES, NoSuchRow, NotNow
from core.services.input import InvalidInput
from core.services.sent_forms import SavedBefore
from core.stores.archived import ColdUnavailable
from core.web.access import look, requires
from core.web.auth import current_account
from core.web.htmx import render
from core.web.page_sessions import page_session, write_session
from core.web.request_bounds import takes_long_text
from staff_app import clock
from staff_app.forms import readable_token
from staff_app.offered_tests import offered_tests
from staff_app.patients import bp, header_or_404

ADDRESS = "/<id:patient_id>/rows/<table>/<id:row_id>"
ADDED_BEFORE = "This form was saved before: the addendum is there. To add more, write another."
Faults = dict[str, str]
Act = Callable[[Session], Any]


@bp.get(ADDRESS + "/correct")
@requires(Right.VISIT_WRITE)
def correct(patient_id: int, table: str, row_id: int) -> Response:
    """One row, what was corrected of it, and what this account may do."""
    return _page(patient_id, _ref(table, row_id))


@bp.post(ADDRESS + "/edit")
@requires(Right.VISIT_WRITE)
@takes_long_text
def edit_row(patient_id: int, table: str, row_id: int) -> Response:
    """By its author, within the hours of an edit, in its place."""
    return _change(corrections.edit, patient_id, table, row_id, "The correction is saved. What it said before is kept.")


@bp.post(ADDRESS + "/anew")
@requires(Right.VISIT_WRITE)
@takes_long_text
def write_row_anew(patient_id: int, table: str, row_id: int) -> Response:
    """Of whatever tier, author and age: another row in its place."""
    done = f"The {_name(table)} is written anew, in your name. The old one counts no longer, and is kept."
    return _change(corrections.write_anew, patient_id, table, row_id, done)


def _change(change: Callable[..., Any], patient_id: int, table: str, row_id: int, done: str) -> Response:
    ref = _ref(table, row_id)
    typed = {name: _typed(name) for name in FIELDS.get(table, ())}

    def act(session: Session) -> None:
        change(
            session, patient_id=patient_id, ref=ref, typed=typed, reason=_typed("edit_why"), by=current_account(),
            version=_version() or 0,
        )  # fmt: skip

    return _act(patient_id, ref, act, why="edit_why", done=done)


@bp.post(ADDRESS + "/add")
@requires(Right.VISIT_WRITE)
@takes_long_text
def add_to_row(patient_id: int, table: str, row_id: int) -> Response:
    ref = _ref(table, row_id)

    def act(session: Session) -> None:
        try:
            corrections.add(
                session, patient_id=patient_id, ref=ref, text=_typed("addendum"), by=current_account(),
                token=readable_token(_typed("token")),
            )  # fmt: skip
        except SavedBefore:
            raise NotNow(ADDED_BEFORE) from None

    return _act(patient_id, ref, act, why="addendum", done="The addendum is saved.")


@bp.post(ADDRESS + "/error")
@requires(Right.VISIT_WRITE)
def take_out_row(patient_id: int, table: str, row_id: int) -> Response:
    ref = _ref(table, row_id)

    def act(session: Session) -> None:
        if "sure" not in request.form:
            raise InvalidInput({"sure": "Tick that this is the row you mean."})
        corrections.mark_error(
            session, patient_id=patient_id, ref=ref, reason=_typed("error_why"), by=current_account(),
            version=_version(),
        )  # fmt: skip

    words = f"The {NAMES[table]} is marked as entered in error. It counts no longer; you can undo that."
    return _act(patient_id, ref, act, why="error_why", done=words)


@bp.post(ADDRESS + "/undo")
@requires(Right.VISIT_WRITE)
def undo_error(patient_id: int, table: str, row_id: int) -> Response:
    ref = _ref(table, row_id)

    def act(session: Session) -> None:
        corrections.reinstate(session, patient_id=patient_id, ref=ref, reason=_typed("undo_why"), by=current_account())

    return _act(patient_id, ref, act, why="undo_why", done=f"The {NAMES[table]} counts again.")


def _version() -> int | None:
    """The version of the row that the page showed."""
    version = _typed("version")
    return int(version) if version.isdecimal() and len(version) < 19 else None


def _ref(table: str, row_id: int) -> str:
    _name(table)
    return f"{table}:{row_id}"


def _name(table: str) -> str:
    if table not in NAMES:
        abort(404)
    return NAMES[table]


def _typed(name: str) -> str:
    return request.form.get(name, "").replace("\0", "")


def _act(patient_id: int, ref: str, act: Act, *, why: str, done: str) -> Response:
    """Do it and go back to the row's visit, or show the page again with what is wrong; `why` is the reason's field."""
    try:
        with write_session() as session:
            act(session)
    except NoSuchRow:
        abort(404)
    except InvalidInput as fault:
        return _page(patient_id, ref, {why if name == "text" and why == "addendum" else name: words
                                       for name, words in fault.errors.items()}, 422)  # fmt: skip
    except BadReason as fault:
        return _page(patient_id, ref, {why: str(fault)}, 422)
    except NotInCare:
        raise
    except (NotNow, PermissionDenied) as fault:
        return _page(patient_id, ref, {}, 409, refusal=str(fault))
    except ColdUnavailable:
        return _page(patient_id, ref, {}, 503, refusal="This row is in the archive, which is not answering. Try again.")
    flash(done)
    return redirect(_back(patient_id, ref), 303)


def _back(patient_id: int, ref: str) -> str:
    with page_session() as session:
        row = queries.row(session, patient_id, ref)
    visit_id = row.visit_id if row is not None else None
    if visit_id is None:
        return url_for(".chart", patient_id=patient_id)
    return url_for(".visit", patient_id=patient_id, visit_id=visit_id, _anchor=ref.replace(":", "-"))


def _page(
    patient_id: int, ref: str, faults: Faults | None = None, status: int = 200, *, refusal: str | None = None
) -> Response:
    hidden_visits = look(patient_id, "row.viewed", ref)
    with page_session() as session:
        header = header_or_404(session, patient_id)
        try:
            row = queries.row(session, patient_id, ref)
        except ColdUnavailable:
            return render("staff/visits/silent.html", status=503, patient=header)
        if row is None:
            abort(404)
        if row.visit_id in hidden_visits:
            raise NotInCare(patient_id, "row.viewed", visit_id=row.visit_id)
        standing = _standing(session, patient_id, row)
        tests = _tests(session, header, row.values["assay_id"]) if row.table == "observation" else ()
    faults = faults or {}
    return render(
        "staff/corrections/row.html", status=status, patient=header, row=row, name=NAMES[row.table], standing=standing,
        faults=list(faults.items()), wrong=faults, refusal=refusal, typed=request.form,
        token=(faults and readable_token(_typed("token"))) or secrets.token_urlsafe(16),
        tests=tests, minute=local_minute,
        is_edited_in_place=standing.edit_until is not None and not row.is_archived,
        is_written_anew=standing.takes_out and row.table in ANEW,
    )  # fmt: skip


def _tests(session: Session, patient: PatientHeader, assay_id: int) -> list[tuple[int, str]]:
    age = age_on(patient.birth_on, clock.today())
    known = visit_form.assays(session, sex=patient.sex, age=age)
    return offered_tests(session, patient.id, known, assay_id)


def _standing(session: Session, patient_id: int, row: CorrectedRow) -> Standing:
    return authorship.standing(
        session, current_account(), patient_id=patient_id, table=row.table, row_id=row.id, visit_id=row.visit_id
    )
