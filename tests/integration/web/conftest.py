"""A portal and a browser-like client for each test, on the real servers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.access import throttle
from core.access.sign_in_copies import AccountCopy
from core.audit import spool
from core.models import AccessEvent, Account, Patient, Role
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from public_app import create_app
from tests.factories import NOW, PASSWORD, make_account, make_patient
from workers.archive import driver

HOST = "https://portal.localhost"
FORM_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def events(*actions: str) -> list[AccessEvent]:
    """The access events of these kinds, oldest first."""
    with databases.read(Store.HOT) as session:
        query = select(AccessEvent).where(AccessEvent.action.in_(actions)).order_by(AccessEvent.id)
        return list(session.scalars(query))


def move_to_archive(record_type: str = "visit") -> None:
    """Archive what is cold as of NOW."""
    with databases.write() as session:
        run = archive.start_run(session, record_type=record_type, by=None, as_of=NOW)
        run_id = run.id
    driver.drive(run_id)


class Browser:
    """A client that sends the form's token as a page would."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, base_url=HOST, **options)

    def post(self, path: str, data: dict[str, str] | None = None, *, page: str = "/sign-in", **options: Any) -> Any:
        token = FORM_TOKEN.search(self.get(page).text)
        assert token is not None, f"{page} has no form"
        headers = {"Referer": HOST + page, **options.pop("headers", {})}
        fields = {"csrf_token": token[1], **(data or {})}
        return self.client.post(path, base_url=HOST, data=fields, headers=headers, **options)

    def sign_in(self, account: Any, password: str = PASSWORD) -> Any:
        return self.post("/sign-in", {"username": account.username, "password": password})

    def cookie(self, name: str = "__Host-strata_public") -> str | None:
        found = self.client.get_cookie(name, domain="portal.localhost")
        return found.value if found is not None else None


@pytest.fixture(autouse=True)
def _fresh_process(database: Any) -> None:
    """No attempts and no spool of an earlier test."""
    throttle.forget()
    spool.begin_anew()
    shutil.rmtree(database.spool_dir, ignore_errors=True)


@pytest.fixture
def app(database: Any) -> Any:
    """The patient portal, with faults shown as pages as in production."""
    app = create_app(database)
    app.testing = False
    return app


@pytest.fixture
def browser(app: Any) -> Browser:
    """Nobody has signed in."""
    return Browser(app.test_client())


@pytest.fixture
def another_browser(app: Any) -> Callable[[], Browser]:
    """Makes further clients of the same portal."""
    return lambda: Browser(app.test_client())


@pytest.fixture
def patient(database: Any) -> Patient:
    """Tan Mei Ling."""
    with databases.write() as session:
        return make_patient(session)


@pytest.fixture
def account(patient: Patient) -> AccountCopy:
    """Her account."""
    with databases.write() as session:
        made: Account = make_account(session, role=Role.PATIENT, patient_id=patient.id, name=patient.name)
        return AccountCopy.of(made)


@pytest.fixture
def signed_in(browser: Browser, account: AccountCopy) -> Browser:
    """She has signed in."""
    reply = browser.sign_in(account)
    assert reply.status_code == 303, reply.text
    return browser
