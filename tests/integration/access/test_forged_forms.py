"""Every form of both portals, sent by somebody who may, but not from our page: refused, and nothing has changed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from core.access import permissions
from core.models import Account, Base, Patient, Role, SignIn
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from core.web.access import declared
from core.web.portal import CSP_REPORTS
from tests.factories import make_account, make_assay, make_patient, make_visit
from tests.integration.access.test_matrix import account_of, begin
from tests.integration.access.test_two_portals import OTHER, PORTALS, closed_addresses, host, make_app
from tests.ready_report import make_ready_report
from tests.table_contents import fingerprint

FORM_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
def patient(database: Settings) -> Patient:
    """With what the forms would change: an open visit, a report to sign."""
    with databases.write() as session:
        made = make_patient(session)
        make_visit(session, made, status="in-progress", ended_at=None)
        make_assay(session)
        make_ready_report(session, made, make_account(session))
        return made


def guarded(portal: str, settings: Settings) -> Flask:
    app = make_app(portal, settings)
    app.config["WTF_CSRF_ENABLED"] = True
    return app


def forms(app: Flask) -> Iterator[tuple[str, Role | None]]:
    """Every address that takes a POST, and a role that may send it; None for the forms that are open to all."""
    for method, address in closed_addresses(app):
        if method == "POST":
            yield address, sender_of(app, address)
    for rule in app.url_map.iter_rules():
        # Browsers' reports are no forms: test_csp_reports.py.
        if "POST" in (rule.methods or ()) and not declared(app, rule.endpoint) and rule.rule != CSP_REPORTS:
            yield rule.rule, None


def sender_of(app: Flask, address: str) -> Role:
    """A role that may send a form to an address."""
    rights = declared(app, app.url_map.bind("localhost").match(address, "POST")[0]) or ()
    return next(role for right in rights for role in Role if may(role, right))


def may(role: Role, right: permissions.Right) -> bool:
    return permissions.can(Account(role=role, active=True), right)


def everything() -> dict[str, Any]:
    """A hash of each table of the primary; of the sign-ins, whose last use may move on, how many there are."""
    with databases.read(Store.HOT) as session:
        found = {name: fingerprint(session, name) for name in Base.metadata.tables if name != "sign_in"}
        return {**found, "sign_in": session.scalar(select(func.count()).select_from(SignIn))}


def token_in(client: FlaskClient, portal: str) -> str:
    """The token of the forms on one's own page, or of the sign-in page."""
    found = FORM_TOKEN.search(client.get("/account", base_url=host(portal), follow_redirects=True).text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("portal", PORTALS)
def test_a_forged_form_changes_nothing(database: Settings, patient: Patient, portal: str) -> None:
    app, other = guarded(portal, database), guarded(OTHER[portal], database)
    asked: dict[Role | None, list[str]] = {}
    for address, needed in forms(app):
        asked.setdefault(needed, []).append(address)
    open_to_all = asked.pop(None)
    assert set(open_to_all) == {
        "/sign-in", "/sign-in/code", "/sign-in/set-up", "/sign-out", "/session", "/sign-in/passkey",
        "/sign-in/set-up-code", "/sign-in/new-password",
    }  # fmt: skip
    assert asked
    for role, theirs in asked.items():
        account = account_of(role, patient)
        sender, colleague, elsewhere = app.test_client(), app.test_client(), other.test_client()
        for client, of in ((sender, portal), (colleague, portal), (elsewhere, OTHER[portal])):
            begin(client, database, of, account)
        good, outside = token_in(sender, portal), app.test_client()
        forged = {
            "none": None, "of no making": "x" * 91, "cut": good[:-1], "of the other portal":
            token_in(elsewhere, OTHER[portal]), "of another sign-in": token_in(colleague, portal),
            "of nobody": token_in(outside, portal),
        }  # fmt: skip
        before, tried = everything(), list(tries(portal, forged, good))
        for address, (what, sent, referer) in itertools.product([*theirs, *open_to_all], tried):
            reply = post(sender, portal, address, sent, referer)
            assert is_refused(reply), f"{role} {address}, {what}: {reply.status_code}"
        assert everything() == before
        # Last, what a page of ours sends is taken: the refusals above were for the token's sake.
        for address in theirs:
            assert not is_refused(post(sender, portal, address, {"data": {"csrf_token": good}})), address


def tries(portal: str, forged: dict[str, str | None], good: str) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    """What a stranger may send: what it is, the request, and the page that it says it comes from."""
    for what, token in forged.items():
        for sent in ({"data": {"csrf_token": token}}, {"headers": {"X-CSRFToken": token}}):
            yield f"token {what}", sent if token else {}, "own"
    for place in ("query_string", "json"):
        yield f"a good token as {place}", {place: {"csrf_token": good}}, "own"
    for referer in ("https://evil.example/", host(OTHER[portal]) + "/", None):
        yield f"from {referer}", {"data": {"csrf_token": good}}, referer


def post(client: FlaskClient, portal: str, address: str, sent: dict[str, Any], referer: str | None = "own") -> Any:
    page = host(portal) + "/account" if referer == "own" else referer
    headers = {**sent.get("headers", {}), **({"Referer": page} if page else {})}
    return client.post(address, base_url=host(portal), **{**sent, "headers": headers})


def is_refused(reply: Any) -> bool:
    return reply.status_code == 400 and "This form is too old" in reply.text
