"""Each rule of both portals against each role, by the map of rights: also for sign-ins that should never have begun."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from core.access import permissions
from core.access.permissions import Right
from core.access.sign_ins import SignIns
from core.models import Account, Patient, Role, utc_now
from core.services import accounts
from core.settings.config import Settings
from core.stores import databases, redis
from core.web.access import Undeclared, declared, requires
from core.web.auth import CONFIRMED_AT
from tests.factories import make_account, make_patient
from tests.integration.access.test_two_portals import PORTALS, closed_addresses, host, make_app

# The staff roles in their own portal are in tests/integration/staff/test_staff_access.py.
PAIRS = [*(("public", role) for role in Role), ("staff", Role.PATIENT)]
METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE")


@pytest.fixture
def patient(database: Settings) -> Patient:
    with databases.write() as session:
        return make_patient(session)


def begin(client: FlaskClient, settings: Settings, portal: str, account: Account) -> None:
    """A sign-in of any account in any portal, past the page that would refuse it."""
    with databases.write() as session:
        data = {"_user_id": str(account.id), "_fresh": True, CONFIRMED_AT: utc_now().isoformat()}
        token = SignIns(redis.client(), settings, portal).open(session, account, data)
    domain = host(portal).removeprefix("https://")
    client.set_cookie(f"__Host-strata_{portal}", token, domain=domain, secure=True)


def account_of(role: Role, patient: Patient) -> Account:
    with databases.write() as session:
        return make_account(session, role=role, **({"patient_id": patient.id} if role is Role.PATIENT else {}))


def asks_to_sign_in(reply: Any) -> bool:
    return bool(reply.status_code == 303 and "/sign-in" in reply.headers["Location"])


@pytest.mark.parametrize(("portal", "role"), PAIRS)
def test_what_a_role_may_not_is_refused_however_its_sign_in_came_about(
    database: Settings, patient: Patient, portal: str, role: Role
) -> None:
    app, account = make_app(portal, database), account_of(role, patient)
    client = app.test_client()
    begin(client, database, portal, account)
    adapter = app.url_map.bind("localhost")
    tried = set()
    for method, address in closed_addresses(app):
        endpoint, _ = adapter.match(address, method)
        may = any(permissions.can(account, right) for right in declared(app, endpoint) or ())
        reply = client.open(address, method=method, base_url=host(portal))
        tried.add(may)
        if may:
            assert reply.status_code not in (401, 403, 500), f"{method} {address}: {reply.status_code}"
            assert not asks_to_sign_in(reply), f"{method} {address}"
        else:
            assert reply.status_code == 403, f"{method} {address}: {reply.status_code}"
    assert tried == ({True} if role is Role.PATIENT and portal == "public" else {True, False})


@pytest.mark.parametrize("portal", PORTALS)
def test_by_no_method_does_anybody_get_in_without_signing_in(database: Settings, portal: str) -> None:
    app = make_app(portal, database)
    client = app.test_client()
    addresses = {address for _, address in closed_addresses(app)}
    for address in sorted(addresses):
        for method in METHODS:
            reply = client.open(address, method=method, base_url=host(portal))
            assert reply.status_code == 405 or asks_to_sign_in(reply), f"{method} {address}: {reply.status_code}"


@pytest.mark.parametrize(("portal", "role"), [("public", Role.PATIENT), ("staff", Role.ADMIN)])
def test_a_closed_account_reaches_nothing(database: Settings, patient: Patient, portal: str, role: Role) -> None:
    app, account = make_app(portal, database), account_of(role, patient)
    client = app.test_client()
    begin(client, database, portal, account)
    assert client.get("/account", base_url=host(portal)).status_code == 200
    with databases.write() as session:
        accounts.set_active(session, account_id=account.id, active=False)
    for method, address in closed_addresses(app):
        assert asks_to_sign_in(client.open(address, method=method, base_url=host(portal))), f"{method} {address}"


@pytest.mark.parametrize(("portal", "role"), [("public", Role.PATIENT), ("staff", Role.ADMIN)])
def test_a_rule_that_declares_nothing_is_refused_and_fails_a_test(
    database: Settings, patient: Patient, portal: str, role: Role
) -> None:
    app, account = make_app(portal, database), account_of(role, patient)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret", methods=["GET", "POST"])
    app.add_url_rule("/nobody", "nobody", requires(*Right)(lambda: "secret"))
    client = app.test_client()
    for method in ("GET", "POST", "HEAD"):
        reply = client.open("/forgotten", method=method, base_url=host(portal))
        assert (reply.status_code, "secret" in reply.text) == (403, False)
    begin(client, database, portal, account)
    assert client.get("/nobody", base_url=host(portal)).text == "secret"
    assert client.get("/forgotten", base_url=host(portal)).status_code == 403
    app.testing = True
    with pytest.raises(Undeclared):
        client.get("/forgotten", base_url=host(portal))
