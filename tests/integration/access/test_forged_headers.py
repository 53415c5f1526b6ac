"""What a browser or proxy says of itself: no header makes an address, a host, a scheme or a sign-in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.access import throttle
from core.models import AccessEvent, Account, Patient, Role
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD, make_patient
from tests.integration.access.test_matrix import account_of, asks_to_sign_in, begin
from tests.integration.access.test_two_portals import PORTALS, ROLES, closed_addresses, host, make_app, token_of

FORM_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-URL": "/archive",
    "X-Rewrite-URL": "/archive",
    "X-HTTP-Method-Override": "POST",
}
HOSTS = (
    "evil.example",
    "evil.example:443",
    "{0}.evil.example",
    "evil.example/{0}",
    "{0}@evil.example",
    "127.0.0.1",
    "",
)


@pytest.fixture
def patient(database: Settings) -> Patient:
    throttle.forget()
    with databases.write() as session:
        return make_patient(session)


def submit(client: FlaskClient, portal: str, account: Account, password: str, **headers: str) -> Any:
    typed = {"username": account.username, "password": password}
    return client.post("/sign-in", base_url=host(portal), data=typed, headers=headers)


@pytest.mark.parametrize("portal", PORTALS)
def test_forged_headers_are_not_believed(database: Settings, patient: Patient, portal: str) -> None:
    app, account = make_app(portal, database), account_of(ROLES[portal], patient)
    client = app.test_client()
    assert submit(client, portal, account, PASSWORD, **FORGED).headers["Location"] in ("/", "/history")
    page = client.get("/account", base_url=host(portal), headers=FORGED)
    signed_out = app.test_client().get("/account", base_url=host(portal), headers=FORGED)
    assert signed_out.headers["Location"] == "/sign-in?next=/account"
    for reply in (page, signed_out, client.get("/healthz", headers=FORGED)):
        assert "evil" not in reply.text + str(reply.headers)
        assert "203.0.113.9" not in reply.text
    with databases.read(Store.HOT) as session:
        assert set(session.scalars(select(AccessEvent.address))) <= {"127.0.0.1", None}


@pytest.mark.parametrize("portal", PORTALS)
def test_guessing_is_slowed_down_whatever_address_is_claimed(database: Settings, patient: Patient, portal: str) -> None:
    client, account = make_app(portal, database).test_client(), account_of(ROLES[portal], patient)
    replies = [
        submit(client, portal, account, "wrong password 1", **{"X-Forwarded-For": f"203.0.113.{number}"}).status_code
        for number in range(6)
    ]
    assert replies == [422] * 5 + [429]


@pytest.mark.parametrize("portal", PORTALS)
def test_no_page_answers_to_another_host(database: Settings, patient: Patient, portal: str) -> None:
    app = make_app(portal, database)
    client = app.test_client()
    begin(client, database, portal, account_of(ROLES[portal], patient))
    own = host(portal).removeprefix("https://")
    addresses = ["/sign-in", "/", *(address for method, address in closed_addresses(app) if method == "GET")]
    for address in addresses:
        for name in (written.format(own) for written in HOSTS):
            reply = client.get(address, base_url=host(portal), headers={"Host": name})
            assert reply.status_code == 400, f"{address} at {name}: {reply.status_code}"


@pytest.mark.parametrize("portal", PORTALS)
def test_whatever_was_planted_before_signing_in_is_worth_nothing_after(
    database: Settings, patient: Patient, portal: str
) -> None:
    app, victim, thief = make_app(portal, database), account_of(ROLES[portal], patient), Role.CLINICIAN
    app.config["WTF_CSRF_ENABLED"] = True
    thief_at_work = app.test_client()
    thief_at_work.get("/sign-in", base_url=host(portal))
    anonymous = token_of(thief_at_work, portal)
    form_token = FORM_TOKEN.search(thief_at_work.get("/sign-in", base_url=host(portal)).text)
    assert form_token is not None
    with databases.write() as session:
        other = make_patient(session)
    begin(thief_at_work, database, portal, account_of(ROLES[portal] if portal == "public" else thief, other))
    for planted in (anonymous, token_of(thief_at_work, portal), "planted"):
        browser = app.test_client()
        name, domain = f"__Host-strata_{portal}", host(portal).removeprefix("https://")
        browser.set_cookie(name, planted, domain=domain, secure=True)
        browser.post("/sign-out", base_url=host(portal))
        shown = FORM_TOKEN.search(browser.get("/sign-in", base_url=host(portal), follow_redirects=True).text)
        assert shown is not None
        typed = {"username": victim.username, "password": PASSWORD, "csrf_token": shown[1]}
        page = {"Referer": host(portal) + "/sign-in"}
        assert browser.post("/sign-in", base_url=host(portal), data=typed, headers=page).status_code == 303
        now = token_of(browser, portal)
        assert len({now, planted}) == 2
        listener = app.test_client()
        listener.set_cookie(name, planted, domain=domain, secure=True)
        assert f">{victim.name}<" not in listener.get("/account", base_url=host(portal)).text
        for old in (form_token[1], shown[1]):
            forged = {"csrf_token": old}
            assert browser.post("/sign-out", base_url=host(portal), data=forged, headers=page).status_code == 400
        assert not asks_to_sign_in(browser.get("/account", base_url=host(portal)))
