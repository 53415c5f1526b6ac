"""Where each role begins."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.models import Role
from core.web.access import requires
from core.web.auth import current_account

bp = Blueprint("home", __name__)

LANDING = {Role.CLINICIAN: "patients.search", Role.ADMIN: "archive.dashboard", Role.AUDITOR: "audit.search"}


@bp.get("/")
@requires(Right.PATIENT_SEARCH, Right.ARCHIVE_RUN, Right.AUDIT_READ)
def index() -> Response:
    return redirect(url_for(LANDING[Role(current_account().role)]), 303)
