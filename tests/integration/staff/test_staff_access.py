"""Who may open what: every endpoint with every role, and what a refusal leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.routing import Rule

from core.access import permissions
from core.access.permissions import Right
from core.models import AccessEvent, Patient, Role, SignIn, utc_now
from core.stores import databases, redis
from core.stores.databases import Store
from core.web.access import declared
from tests.integration.staff.conftest import HOST, StaffBrowser

OPEN = {"static", "health.healthz", "health.readyz", "csp_reports.report", "auth.sign_in", "auth.submit",
        "auth.sign_out",
        "auth.code", "auth.submit_code", "auth.set_up", "auth.submit_set_up", "auth.session_state", "auth.stay",
        "auth.signed_in_again", "auth.submit_passkey", "auth.set_up_code", "auth.submit_set_up_code",
        "auth.new_password", "auth.submit_new_password"}  # fmt: skip
VALUES = {
    "patient_id": 1,
    "visit_id": 1,
    "report_id": 1,
    "claim_id": 1,
    "assay_id": 1,
    "run_id": 1,
    "batch_id": 1,
    "account_id": 99,
    "passkey_id": 1,
    "notice_id": 1,
    "name": "cost",
    "table": "observation",
    "row_id": 1,
    "note_id": 1,
    "number": 1,
    "form": "csv",
    "clinic_id": 1,
    "quarter": "2026-Q1",
}
VERBS = {"archive": "pause", "duty": "begin", "accounts": "close", "reports": "reject"}
EXPECTED = {
    "home": {Role.CLINICIAN, Role.ADMIN, Role.AUDITOR},
    "patients": {Role.CLINICIAN},
    "reports": {Role.CLINICIAN},
    "archive": {Role.ADMIN},
    "operations": {Role.ADMIN, Role.AUDITOR},
    "operations.halt": {Role.ADMIN},
    "operations.resume": {Role.ADMIN},
    "clinics": {Role.ADMIN},
    "accounts": {Role.ADMIN},
    "audit": {Role.AUDITOR},
    "account": {Role.CLINICIAN, Role.ADMIN, Role.AUDITOR},
}


def verb_of(rule: Rule) -> str:
    """A verb that the rule takes."""
    return next(verb for part, verb in VERBS.items() if part in rule.rule)


def rules(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Each closed endpoint's rule with one method and an address."""
    adapter = app.url_map.bind("staff.localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OPEN:
            continue
        values: dict[str, Any] = {name: VALUES.get(name) for name in rule.arguments}
        if "verb" in values:
            values["verb"] = verb_of(rule)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            yield rule, method, adapter.build(rule.endpoint, values, method=method)


def denials() -> list[AccessEvent]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(AccessEvent).where(AccessEvent.outcome == "deny")))


def test_only_signing_in_and_health_are_open(app: Flask) -> None:
    open_endpoints = {rule.endpoint for rule in app.url_map.iter_rules() if declared(app, rule.endpoint) == frozenset()}
    assert open_endpoints == OPEN


def test_every_endpoint_says_which_right_it_needs(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert declared(app, rule.endpoint) is not None, f"{rule.endpoint} declares nothing"


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.ADMIN, Role.AUDITOR])
def test_each_role_reaches_its_own_pages_and_no_others(
    app: Flask, signed_in: Callable[[Role], StaffBrowser], role: Role
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    browser = signed_in(role)
    for rule, method, path in rules(app):
        reply = browser.client.open(path, method=method, base_url=HOST)
        may = role in EXPECTED.get(rule.endpoint, EXPECTED[rule.endpoint.split(".")[0]])
        if may:
            assert reply.status_code not in (401, 403, 500), f"{role} {method} {path}: {reply.status_code}"
        else:
            assert reply.status_code == 403, f"{role} {method} {path}: {reply.status_code}"


def test_nobody_reaches_anything_without_signing_in(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    for _, method, path in rules(app):
        reply = client.open(path, method=method, base_url=HOST)
        assert reply.status_code == 303, f"{method} {path}"
        assert "/sign-in" in reply.headers["Location"]


def test_a_patients_account_is_not_let_in_at_all(app: Flask, database: Any, patient: Patient) -> None:
    from tests.factories import PASSWORD, make_account

    with databases.write() as session:
        account = make_account(session, role=Role.PATIENT, patient_id=patient.id)
    browser = StaffBrowser(app.test_client(), account)  # type: ignore[arg-type]
    reply = browser.post("/sign-in", {"username": account.username, "password": PASSWORD})
    assert reply.status_code == 422
    assert not any(permissions.can(account, right) for right in set(Right) - {Right.OWN_RECORD_READ, Right.OWN_ACCOUNT})


def test_a_refusal_is_in_the_audit_trail(admin: StaffBrowser) -> None:
    assert admin.get("/patients/1").status_code == 403
    assert [(event.account_id, event.target) for event in denials()] == [(admin.account.id, "page:patients.chart")]


def test_each_role_lands_where_it_works(clinician: StaffBrowser, signed_in: Callable[[Role], StaffBrowser]) -> None:
    for browser, place in (
        (clinician, "/patients"),
        (signed_in(Role.ADMIN), "/archive"),
        (signed_in(Role.AUDITOR), "/audit"),
    ):
        assert browser.get("/").headers["Location"] == place


def last_use() -> Any:
    with databases.read(Store.HOT) as session:
        return session.scalars(select(SignIn.seen_at)).one()


def test_a_page_that_polls_does_not_keep_the_sign_in_alive(clinician: StaffBrowser) -> None:
    past = utc_now() - timedelta(minutes=20)
    with databases.write() as session:
        session.execute(update(SignIn).values(seen_at=past))
    redis.client().flushall()
    assert clinician.get("/reports", headers={"HX-Request": "true", "X-Poll": "1"}).status_code == 200
    assert last_use() == past
    assert clinician.get("/reports").status_code == 200
    assert last_use() > past
