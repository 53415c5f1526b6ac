"""The staff portal: clinicians, admins and auditors."""

from __future__ import annotations

from flask import Flask, redirect, url_for
from werkzeug.wrappers import Response

from core.access.permissions import STAFF_ROLES, Right
from core.models import Role
from core.settings.config import Settings
from core.web.access import requires
from core.web.app import make_app
from core.web.auth import current_account
from core.web.portal import NavItem, Portal
from staff_app import (
    accounts,
    archive,
    archive_restores,
    archive_runs,
    audit,
    care,
    chart,
    clinic_quarters,
    corrections,
    downloads,
    history,
    operations,
    operations_machines,
    patients,
    report_making,
    reports,
    retention,
    review,
    single_sign_on,
    visits,
)

NAVIGATION = (
    NavItem("patients.search", "Patients", Right.PATIENT_SEARCH),
    NavItem("reports.worklist", "Reports", Right.REPORT_REVIEW),
    NavItem("archive.dashboard", "Archive", Right.ARCHIVE_RUN),
    NavItem("operations.show", "Operations", Right.OPERATIONS_READ),
    NavItem("clinics.listing", "Clinics", Right.CLINIC_FIGURES),
    NavItem("accounts.listing", "Accounts", Right.ACCOUNTS_MANAGE),
    NavItem("audit.search", "Audit", Right.AUDIT_READ),
)
LANDING = {Role.CLINICIAN: "patients.search", Role.ADMIN: "archive.dashboard", Role.AUDITOR: "audit.search"}
MODULES = (
    patients, chart, downloads, history, care, visits, corrections, reports, review, report_making, archive,
    archive_runs, archive_restores, retention, operations, operations_machines, clinic_quarters, accounts, audit,
)  # fmt: skip


def create_app(settings: Settings) -> Flask:
    """The portal for these settings. Raises ConfigError without a secret key."""
    portal = Portal(
        name="staff",
        title="Strata staff",
        host=settings.staff_host,
        roles=STAFF_ROLES,
        home="home",
        navigation=NAVIGATION,
        needs_second_factor=settings.second_factor == "required",
    )
    app = make_app(portal, settings)
    app.jinja_env.globals["rights"] = Right
    # Several modules put their routes on one blueprint, so that the bar shows which part of the portal is open.
    for blueprint in dict.fromkeys(module.bp for module in MODULES):
        app.register_blueprint(blueprint)
    app.add_url_rule("/", "home", home)
    care.init_app(app)
    single_sign_on.init_app(app, settings)
    return app


@requires(Right.PATIENT_SEARCH, Right.ARCHIVE_RUN, Right.AUDIT_READ)
def home() -> Response:
    """There is no front page: each role begins where its work is."""
    return redirect(url_for(LANDING[Role(current_account().role)]), 303)
