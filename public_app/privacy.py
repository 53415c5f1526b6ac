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
    "report.requested": "Asked for a report",
    "report.signed": "Signed a report",
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
