"""A new visit, one visit, and closing it."""

from __future__ import annotations

import secrets
from typing import Any

from flask import abort, flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.queries import visit_form
from core.queries.patients import NoSuchPatient, PatientHeader
from core.queries.reference_ranges import age_on
from core.queries.visit_form import AssayChoice
from core.services.input import InvalidInput
from core.services.observation_rows import NewObservation
from core.services.prescription_rows import NewPrescription
from core.services.sent_forms import SavedBefore
from core.services.visit_rows import NewVisit
from core.services.visits import NoSuchVisit, close_visit, record_visit
from core.web.access import look, requires
from core.web.auth import current_account
from core.web.htmx import render
from core.web.page_sessions import page_session, write_session
from core.web.request_bounds import takes_long_text
from staff_app import clock
from staff_app.forms import ObservationForm, PrescriptionForm, VisitForm, choices, put_back, readable_token, unreadable
from staff_app.offered_tests import offered_tests
from staff_app.patients import bp, header_or_404

Faults = list[tuple[str, str]]
PRESCRIBED = ("medication", "dose", "frequency", "instructions", "override")


@bp.get("/<id:patient_id>/visits/new")
@requires(Right.VISIT_WRITE)
def new_visit(patient_id: int) -> Response:
    look(patient_id, "visit.form_opened")
    form = VisitForm()
    form.token.data = secrets.token_urlsafe(16)
    form.started_at.data = clock.now().replace(tzinfo=None, second=0, microsecond=0)
    return _page(patient_id, form)


@bp.post("/<id:patient_id>/visits/new")
@requires(Right.VISIT_WRITE)
@takes_long_text
def create_visit(patient_id: int) -> Response:
    form = VisitForm()
    if "add" in request.form:
        return _with_another_row(patient_id, form)
    faults, new, token = unreadable(form), _typed(form), _token(form)
    try:
        with write_session() as session:
            visit_id = record_visit(session, patient_id=patient_id, new=new, token=token, by=current_account())
            if faults:
                raise InvalidInput(faults)
    except NoSuchPatient:
        abort(404)
    except InvalidInput as fault:
        look(patient_id, "visit.form_opened")
        return _page(patient_id, form, put_back(form, {**fault.errors, **faults}), status=422)
    except SavedBefore as fault:
        flash("This form was saved before; that visit is below. To add to it, write a new visit.")
        return redirect(url_for(".visit", patient_id=patient_id, visit_id=fault.row_id), 303)
    flash("The visit is saved.")
    return redirect(url_for(".visit", patient_id=patient_id, visit_id=visit_id), 303)


@bp.post("/<id:patient_id>/visits/<id:visit_id>/close")
@requires(Right.VISIT_WRITE)
def close(patient_id: int, visit_id: int) -> Response:
    try:
        with write_session() as session:
            close_visit(session, patient_id=patient_id, visit_id=visit_id, by=current_account())
    except NoSuchVisit:
        abort(404)
    flash("The visit is closed.")
    return redirect(url_for(".visit", patient_id=patient_id, visit_id=visit_id), 303)


def _with_another_row(patient_id: int, form: VisitForm) -> Response:
    rows = form.prescriptions if request.form["add"] == "prescription" else form.observations
    if len(rows.entries) < rows.max_entries:
        rows.append_entry()
    look(patient_id, "visit.form_opened")
    return _page(patient_id, form)


def _page(patient_id: int, form: VisitForm, faults: Faults | None = None, *, status: int = 200) -> Response:
    with page_session() as session:
        header = header_or_404(session, patient_id)
        known = _known_assays(session, header)
        offered = offered_tests(session, header.id, known)
        form.clinic_id.choices = choices(visit_form.clinics(session), "Not at one of our clinics")
    for row in form.observations:
        row.assay.choices = choices(offered, "Choose a test")
    context: dict[str, Any] = {"patient": header, "form": form, "faults": faults or [], "assays": known}
    return render("staff/visits/new.html", fragment="staff/visits/_form.html", status=status, **context)


def _known_assays(session: Session, header: PatientHeader) -> dict[int, AssayChoice]:
    age = age_on(header.birth_on, clock.today())
    return dict(visit_form.assays(session, sex=header.sex, age=age))


def _token(form: VisitForm) -> str:
    return readable_token(form.token.data) or abort(400)


def _typed(form: VisitForm) -> NewVisit:
    return NewVisit(
        description=form.description.data or "",
        class_code=form.class_code.data or "",
        started_at=clock.instant(form.started_at.data),
        reason=form.reason.data or "",
        clinic_id=form.clinic_id.data,
        note=form.note.data or "",
        observations=tuple(map(_observation, form.observations)),
        prescriptions=tuple(map(_prescription, form.prescriptions)),
        close=bool(form.close.data),
    )


def _observation(row: ObservationForm) -> NewObservation:
    return NewObservation(row.assay.data, row.value.data or "", row.confirmed.data or "")


def _prescription(row: PrescriptionForm) -> NewPrescription:
    return NewPrescription(*(row[name].data or "" for name in PRESCRIBED))
