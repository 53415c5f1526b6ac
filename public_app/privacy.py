"""Who looked at the patient's record."""

from __future__ import annotations

from flask import Blueprint, Response, request

from core.access.care import ON_DUTY_FOR
from core.access.permissions import Right
from core.models import Role
from core.queries import privacy as queries
from core.queries.privacy import Look
from core.web.access import look, requires
from core.web.auth import current_account
from core.web.htmx import render
from core.web.page_sessions import page_session
from public_app.own import own_patient_id, place_in_list

bp = Blueprint("privacy", __name__)

GLASS = "record.glass_broken"
WORDS = {
    "chart.viewed": "Record: results, medicines, allergies",
    "visits.viewed": "List of visits",
    "visit.viewed": "A visit",
    "results.viewed": "Test results",
    "report.viewed": "A report",
    "visits.read": "List of visits",
    "history.read": "History",
    "history.viewed": "History: visits, results, medicines, notes",
    "visit.read": "A visit",
    "results.read": "Test results",
    "record.read": "Record: details, allergies, medicines",
    "reports.read": "List of reports",
    "report.read": "A report",
    "attachment.downloaded": "Downloaded a file of a note",
    "record.downloaded": "Downloaded the whole record",
    "results.downloaded": "Downloaded test results",
    "report.downloaded": "Downloaded a report",
    "privacy.read": "This list",
    "patient.read": "Record",
    "patient.export": "Took a copy of your record",
    "patient.found": "Found in a search",
    "patient.searched": "Found in a search",
    "patient.identified": "A clinician who is not in your care team was shown your name and year of birth",
    "visit.created": "Wrote a new visit",
    "visit.recorded": "Wrote a new visit",
    "visit.form_opened": "Began to write a new visit",
    "visit.closed": "Ended a visit",
    "report.requested": "Asked for a report",
    "report.retried": "Asked for a report again",
    "report.reviewed": "Read the draft of a report",
    "report.making_viewed": "How a report was made",
    "report.claim_accepted": "Let a sentence of a draft report stand",
    "report.claim_accepted_against_row": "Let a sentence of a draft report stand that the record does not bear out",
    "report.claim_edited": "Changed a sentence of a draft report",
    "report.claim_rejected": "Took a sentence out of a draft report",
    "report.refreshed": "Checked a draft report against your record again",
    "report.signed": "Signed a report",
    "report.withdrawn": "Took back a report",
    "report.notice_answered": "Looked again at a report that was signed",
    "report.signer_notified": "Asked the signer of a report to look at it again",
    "report.case_taken": "Took a report out, to find out what went wrong with it",
    "report.trace_taken": "Took out how a report was made, to find out what went wrong",
    "report.rejected": "Turned down a report",
    "account.created": "Made an account",
    "account.set_up_code_made": "Made a code for a new password of your account",
    "account.set_up": "Chose a new password by a code",
    GLASS: "Opened your record without being in your care team",
    "care_team.joined": "Your care team: a clinician was added",
    "care_team.left": "Your care team: a clinician left, or was taken off",
    "visit.kept_apart": "Kept a visit apart",
    "visit.shared": "Shared a visit that was kept apart",
    "row.viewed": "One entry of a visit",
    "record.edited": "Corrected an entry of your record",
    "record.added_to": "Added to an entry of your record",
    "record.entered_in_error": "Took out an entry that was written down in error",
    "record.written_anew": "Corrected an entry of your record",
    "record.reinstated": "Put back an entry that had been taken out",
    "prescription.confirmed": "Ordered a medicine that had been asked about",
    "prescription.lapsed": "A medicine came to its end",
    "observation.confirmed": "Wrote down a result that had been asked about",
    "patient.registered": "Registered you as a patient",
    "patient.hold": "Your record was marked as one to be kept",
    "patient.hold_lifted": "Your record is no longer marked as one to be kept",
    "patient.erase": "Asked for your record to be erased",
    "patient.erased": "Erased your record",
    "visit.let_see": "Let a colleague see a visit that is kept apart",
}
WITH_REASON = (
    "care_team.joined", "care_team.left", "visit.let_see", "record.edited", "record.entered_in_error",
    "record.written_anew", "record.reinstated", "patient.export", "prescription.confirmed",
)  # fmt: skip
PURPOSES = {
    "treatment team": "as your care team",
    "recent or booked visit": "for a visit",
    "duty cover": "on duty",
    "break-glass": "in an emergency",
}
ROLES = {"clinician": "Care team", "admin": "Administrator", "auditor": "Auditor"}


def in_words(action: str) -> str:
    """What was done, in plain words."""
    return WORDS.get(action) or action.replace(".", ": ").replace("_", " ").capitalize()


def by_what(look: Look) -> tuple[str | None, str | None]:
    """By what tie somebody looked, in plain words, and the reason that was given."""
    said = look.purpose or ""
    if look.action == GLASS or look.action in WITH_REASON:
        return None, look.purpose
    if said.startswith(ON_DUTY_FOR):
        return PURPOSES["duty cover"], said.removeprefix(ON_DUTY_FOR)
    return PURPOSES.get(said), None


def who(look: Look) -> str | None:
    """Whose look it was, beside the name; another account of the patient's is not the patient."""
    if look.role == Role.PATIENT:
        return "You" if look.account_id == current_account().id else "Another account in your name"
    return ROLES.get(look.role, look.role) if look.role is not None else None


@bp.get("/privacy")
@requires(Right.OWN_RECORD_READ)
def index() -> Response:
    patient_id, shows_own = own_patient_id(), request.args.get("own") == "1"
    with page_session() as session:
        looks = queries.looks(
            session,
            patient_id,
            leave_out_account=None if shows_own else current_account().id,
            after=place_in_list(),
        )
    look(patient_id, "privacy.read")
    return render(
        "public/privacy.html",
        looks=looks,
        shows_own=shows_own,
        is_first=place_in_list() is None,
        in_words=in_words,
        who=who,
        by_what=by_what,
        glass=GLASS,
    )
