"""Legal holds and erasures, by patient number and year of birth: the name is shown before anything is done."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.jobs import outbox
from core.queries import retention
from core.queries.patients import NoSuchPatient
from core.services import archive as runs
from core.services import erasure, legal_hold
from core.services.meant import AnotherPerson, Meant
from core.web.access import record, requires
from core.web.auth import current_account
from core.web.base_form import Form
from core.web.htmx import render
from core.web.page_sessions import page_session, write_session
from staff_app import naming
from staff_app.archive import bp
from staff_app.forms import EraseForm, HoldForm, put_back

WHY = "Say why: the reason is kept in the audit trail."


@bp.get("/retention")
@requires(Right.LEGAL_HOLD)
def shown() -> Response:
    number = request.args.get("lift", "")
    lifting = {"patient": number, "lift": True} if number.isascii() and number.isdigit() else {}
    return _page(hold=HoldForm(prefix="hold-", data=lifting))


@bp.post("/retention/hold")
@requires(Right.LEGAL_HOLD, confirmed=True)
def hold() -> Response:
    form = HoldForm(prefix="hold-")
    number = naming.number_of(form.patient.data)
    if number is None:
        return _page(hold=form, faults=put_back(form, {"hold-patient": "Write the patient's number, such as 1234."}))
    if not form.reason.data:
        return _page(hold=form, faults=put_back(form, {"hold-reason": WHY}))
    if not naming.is_sure(number, "hold-"):
        person, wrong = naming.asked(number, form.born.data, "hold-")
        return _page(hold=form, faults=put_back(form, wrong), hold_of=person)
    act = legal_hold.lift_hold if form.lift.data else legal_hold.set_hold
    try:
        with naming.guarded(number), write_session() as session:
            act(session, patient_id=number, reason=form.reason.data, by=current_account(), born=form.born.data)
    except AnotherPerson as fault:
        return _page(hold=form, faults=put_back(form, {"hold-born": f"{str(fault).capitalize()}."}))
    except legal_hold.BadHold as fault:
        field = "hold-reason" if "why" in str(fault) else "hold-patient"
        return _page(hold=form, faults=put_back(form, {field: str(fault)}))
    flash(f"The legal hold of patient {number} is {'lifted' if form.lift.data else 'set'}.")
    return redirect(url_for(".shown"), 303)


@bp.post("/retention/erase")
@requires(Right.PATIENT_ERASE, confirmed=True)
def erase() -> Response:
    form = EraseForm(prefix="erase-")
    number = naming.number_of(form.patient.data)
    if number is None:
        return _page(erase=form, faults=put_back(form, {"erase-patient": "Write the patient's number, such as 1234."}))
    wanted = erasure.confirmation(number)
    faults = {} if form.reason.data else {"erase-reason": WHY}
    if (form.words.data or "").strip() != wanted:
        faults["erase-words"] = f"Type “{wanted}” to go on. Nothing was erased."
    if faults:
        return _page(erase=form, faults=put_back(form, faults))
    if not naming.is_sure(number, "erase-"):
        person, wrong = naming.asked(number, form.born.data, "erase-")
        if wrong:
            record("patient.erase", target=f"patient:{number}", outcome="deny")
        return _page(erase=form, faults=put_back(form, wrong), erase_of=person)
    try:
        with naming.guarded(number), write_session() as session:
            begun = erasure.erase_patient(session, patient_id=number, reason=form.reason.data, by=current_account(),
                                          born=form.born.data)  # fmt: skip
            words = f"Patient {number} is erased from the primary ({begun.rows:,} rows); archives and files follow."
    except AnotherPerson as fault:
        record("patient.erase", target=f"patient:{number}", outcome="deny")
        return _page(erase=form, faults=put_back(form, {"erase-born": f"{str(fault).capitalize()}."}))
    except (NoSuchPatient, erasure.LegalHold, runs.RunUnderWay) as fault:
        return _page(erase=form, faults=put_back(form, {"erase-patient": f"{str(fault).capitalize()}."}))
    outbox.ring()
    flash(words)
    return redirect(url_for(".shown"), 303)


def _page(
    *,
    hold: Form | None = None,
    erase: Form | None = None,
    faults: list[tuple[str, str]] | None = None,
    hold_of: Meant | None = None,
    erase_of: Meant | None = None,
) -> Response:
    with page_session() as session:
        held, erasures = retention.holds(session), retention.erasures(session)
    return render("staff/archive/retention.html", status=422 if faults else 200, faults=faults or [],
                  hold=hold or HoldForm(prefix="hold-"), erase=erase or EraseForm(prefix="erase-"),
                  held=held, erasures=erasures, hold_of=hold_of, erase_of=erase_of)  # fmt: skip
