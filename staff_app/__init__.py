"""The staff portal: clinicians, admins and auditors."""

from __future__ import annotations

from flask import Flask

from core.access.permissions import STAFF_ROLES, Right
from core.settings.config import Settings
from core.web.app import make_app
from core.web.portal import NavItem, Portal
from staff_app import (
    accounts,
    archive,
    archive_restores,
    archive_runs,
    audit,
    care,
    charts,
    home,
    operations,
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
    NavItem("accounts.listing", "Accounts", Right.ACCOUNTS_MANAGE),
    NavItem("audit.search", "Audit", Right.AUDIT_READ),
)
MODULES = (
    home, patients, charts, care, visits, reports, review, report_making, archive, archive_runs, archive_restores,
    retention, operations, accounts, audit,
)  # fmt: skip


def create_app(settings: Settings) -> Flask:
    """The portal for these settings. Raises ConfigError without a secret key."""
    portal = Portal(
        name="staff",
        title="Strata staff",
        host=settings.staff_host,
        roles=STAFF_ROLES,
        home="home.index",
        navigation=NAVIGATION,
        needs_second_factor=settings.second_factor == "required",
    )
    app = make_app(portal, settings)
    app.jinja_env.globals["rights"] = Right
    # Several modules put their routes on one blueprint, so that the bar shows which part of the portal is open.
    for blueprint in dict.fromkeys(module.bp for module in MODULES):
        app.register_blueprint(blueprint)
    care.init_app(app)
    single_sign_on.init_app(app, settings)
    return app
