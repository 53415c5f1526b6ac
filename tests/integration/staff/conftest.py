"""The staff portal and a browser-like client for each role, on the real servers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.access.sign_in_copies import AccountCopy
from core.models import Patient, Role
from core.stores import databases
from staff_app import create_app
from tests.factories import PASSWORD, make_account, make_patient
from tests.ready_report import ReadyReport, make_ready_report

HOST = "https://staff.localhost"
FORM_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class StaffBrowser:
    """A client that sends the form's token as a page would.

    Before each page it waits, by `sync`, until the replica has what a test wrote past the portal: only what an account
    writes by itself is sure to be on its next page.
    """

    def __init__(self, client: FlaskClient, account: AccountCopy, sync: Callable[[], None] = lambda: None) -> None:
        self.client = client
        self.account = account
        self.sync = sync

    def get(self, path: str, **options: Any) -> Any:
        self.sync()
        return self.client.get(path, base_url=HOST, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, *, page: str = "/sign-in", **options: Any) -> Any:
        token = FORM_TOKEN.search(self.get(page, follow_redirects=True).text)
        assert token is not None, f"{page} has no form"
        headers = {"Referer": HOST + page, **options.pop("headers", {})}
        fields = {"csrf_token": token[1], **(data or {})}
        return self.client.post(path, base_url=HOST, data=fields, headers=headers, **options)


@pytest.fixture
def app(database: Any) -> Flask:
    """The staff portal, with faults shown as pages as in production."""
    made = create_app(database)
    made.testing = False
    return made


@pytest.fixture
def signed_in(app: Flask, sync_replica: Callable[[], None]) -> Callable[[Role], StaffBrowser]:
    """Makes an account of a role and signs it in."""

    def make(role: Role) -> StaffBrowser:
        with databases.write() as session:
            account = AccountCopy.of(make_account(session, role=role))
        browser = StaffBrowser(app.test_client(), account, sync_replica)
        reply = browser.post("/sign-in", {"username": account.username, "password": PASSWORD})
        assert reply.status_code == 303, reply.text
        return browser

    return make


@pytest.fixture
def clinician(signed_in: Callable[[Role], StaffBrowser]) -> StaffBrowser:
    """A clinician has signed in."""
    return signed_in(Role.CLINICIAN)


@pytest.fixture
def admin(signed_in: Callable[[Role], StaffBrowser]) -> StaffBrowser:
    """An admin has signed in."""
    return signed_in(Role.ADMIN)


@pytest.fixture
def auditor(signed_in: Callable[[Role], StaffBrowser]) -> StaffBrowser:
    """An auditor has signed in."""
    return signed_in(Role.AUDITOR)


@pytest.fixture
def patient(database: Any) -> Patient:
    """Tan Mei Ling."""
    with databases.write() as session:
        return make_patient(session, national_id="S1234567D")


@pytest.fixture
def ready(clinician: StaffBrowser, patient: Patient) -> ReadyReport:
    """A draft with two flags."""
    with databases.write() as session:
        return make_ready_report(session, patient, clinician.account)
