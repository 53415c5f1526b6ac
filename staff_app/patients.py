"""Finding and registering patients; what each page about one patient starts with."""

from __future__ import annotations

import secrets
from dataclasses import replace

from flask import Blueprint, abort, flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.queries import patients, strangers
from core.queries.patient_search import parse_search
from core.queries.patients import Cursor, PatientHeader, PatientHit
from core.services.input import InvalidInput
from core.services.patients import AlreadyRegistered, NewPatient, register
from core.services.sent_forms import SavedBefore
from core.stores import databases
from core.web.access import record, requires
from core.web.auth import current_account
from core.web.htmx import render
from core.web.page_sessions import page_session, write_session
from staff_app.clock import today
from staff_app.forms import PatientForm, put_back, unreadable

bp = Blueprint("patients", __name__, url_prefix="/patients")

TEXT_MAX = 200


def header_or_404(session: Session, patient_id: int) -> PatientHeader:
    """The patient that a page is about; call `look` before."""
    header = patients.header(session, patient_id)
    if header is None:
        abort(404)
    return header


@bp.get("")
@requires(Right.PATIENT_SEARCH)
def search() -> Response:
    text = request.args.get("q", "").strip()[:TEXT_MAX]
    wanted, reader = parse_search(text), current_account().id
    with page_session() as session:
        page = patients.search(session, wanted, reader=reader, after=_cursor(request.args.get("after")))
        hits, withheld = _within_bound(session, page.hits, reader)
    if wanted.by != "nothing":
        in_care, outside = ([hit.id for hit in hits if hit.is_in_care is whether] for whether in (True, False))
        for purpose in strangers.purposes(in_care, outside):
            record(strangers.SEARCHED, target=f"search:{wanted.by}", purpose=purpose)
    page = replace(page, hits=hits)
    following = f"{page.next.group}.{page.next.id}.{page.next.name}" if page.next else None
    return render("staff/patients/search.html", fragment="staff/patients/_hits.html", q=text, wanted=wanted, found=page,
                  withheld=withheld, following=following, first=not request.args.get("after"))  # fmt: skip


def _within_bound(
    session: Session, hits: tuple[PatientHit, ...], reader: int
) -> tuple[tuple[PatientHit, ...], tuple[PatientHit, ...]]:
    """The hits to show, and those that are withheld: people outside the reader's care, beyond the hour's bound."""
    outside = [hit for hit in hits if not hit.is_in_care]
    if not outside:
        return hits, ()
    seen = strangers.shown_to(session, reader)
    room = databases.current().settings.strangers_per_hour - len(seen)
    withheld = tuple([hit for hit in outside if hit.id not in seen][max(room, 0) :])
    return tuple(hit for hit in hits if hit not in withheld), withheld


def _cursor(raw: str | None) -> Cursor | None:
    if not raw:
        return None
    group, _, rest = raw.partition(".")
    number, _, name = rest.partition(".")
    if not (group.isdecimal() and number.isdecimal() and len(group) < 3 and len(number) < 19) or "\0" in name:
        abort(400)
    return Cursor(int(group), name, int(number))


@bp.get("/new")
@requires(Right.PATIENT_REGISTER)
def new() -> Response:
    form = PatientForm()
    form.token.data = secrets.token_urlsafe(16)
    return render("staff/patients/new.html", form=form, faults=[])


@bp.post("/new")
@requires(Right.PATIENT_REGISTER)
def create() -> Response:
    form = PatientForm()
    try:
        with write_session() as session:
            patient = register(session, new=_typed(form), today=today(), by=current_account(), token=form.form_token)
    except SavedBefore as fault:
        flash("This form was saved before; that patient is below. To register another, open the form again.")
        return redirect(url_for("patients.chart", patient_id=fault.row_id), 303)
    except InvalidInput as fault:
        _record_found(fault)
        faults = put_back(form, {**fault.errors, **unreadable(form)})
        return render("staff/patients/new.html", status=422, form=form, faults=faults)
    flash(f"{patient.name} is registered.")
    return redirect(url_for("patients.chart", patient_id=patient.id), 303)


def _record_found(fault: InvalidInput) -> None:
    """Whoever is told that a number is registered knows of a patient, as by a search for it."""
    if isinstance(fault, AlreadyRegistered) and fault.patient_id is not None:
        found = [fault.patient_id]
        for purpose in strangers.purposes(*((found, []) if fault.is_in_care else ([], found))):
            record(strangers.SEARCHED, target="search:registration", purpose=purpose)


def _typed(form: PatientForm) -> NewPatient:
    return NewPatient(
        name=form.name.data or "",
        national_id=form.national_id.data or "",
        sex=form.sex.data or "",
        birth_on=form.birth_on.data,
        phone=form.phone.data or "",
        address=form.address.data or "",
        language=form.language.data or "",
    )
