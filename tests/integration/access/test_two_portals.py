"""What is good in one portal is worthless in the other, at every address of both; so are another patient's ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

import public_app
import staff_app
from core.models import AccessEvent, Patient, Role
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from core.web.access import declared
from tests.factories import PASSWORD, make_account, make_assay, make_observation, make_patient, make_visit
from tests.integration.staff.test_staff_access import VALUES, verb_of
from tests.ready_report import make_ready_report, sign_ready_report

PORTALS = {"public": public_app, "staff": staff_app}
ROLES = {"public": Role.PATIENT, "staff": Role.CLINICIAN}
OTHER = {"public": "staff", "staff": "public"}


def make_app(portal: str, settings: Settings) -> Flask:
    app: Flask = PORTALS[portal].create_app(settings)
    app.testing = False
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def host(portal: str) -> str:
    return f"https://{'portal' if portal == 'public' else 'staff'}.localhost"


def closed_addresses(app: Flask, **values: int | str) -> Iterator[tuple[str, str]]:
    """The method and address of everything that needs a right, with these ids or any."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if not declared(app, rule.endpoint):
            continue
        given: dict[str, Any] = {name: {**VALUES, **values}.get(name, "cost") for name in rule.arguments}
        if "verb" in given:
            given["verb"] = verb_of(rule)
        for method in sorted((rule.methods or set()) & {"GET", "POST", "HEAD"}):
            yield method, adapter.build(rule.endpoint, given, method=method)


def sign_in(app: Flask, portal: str, username: str) -> FlaskClient:
    client = app.test_client()
    reply = client.post("/sign-in", base_url=host(portal), data={"username": username, "password": PASSWORD})
    assert reply.status_code == 303, reply.text
    return client


def token_of(client: FlaskClient, portal: str) -> str:
    found = client.get_cookie(f"__Host-strata_{portal}", domain=host(portal).removeprefix("https://"))
    assert found is not None
    return found.value


@pytest.fixture
def patient(database: Settings) -> Patient:
    with databases.write() as session:
        return make_patient(session)


@pytest.mark.parametrize("portal", PORTALS)
@pytest.mark.parametrize("named_as", ["own", "other"])
def test_a_sign_in_of_one_portal_opens_nothing_in_the_other(
    database: Settings, patient: Patient, portal: str, named_as: str
) -> None:
    other = OTHER[portal]
    with databases.write() as session:
        values = {"patient_id": patient.id} if portal == "public" else {}
        username = make_account(session, role=ROLES[portal], **values).username
    token = token_of(sign_in(make_app(portal, database), portal, username), portal)
    app = make_app(other, database)
    client = app.test_client()
    name = f"__Host-strata_{portal if named_as == 'own' else other}"
    client.set_cookie(name, token, domain=host(other).removeprefix("https://"), secure=True)
    asked = list(closed_addresses(app))
    assert len(asked) > 5
    for method, address in asked:
        reply = client.open(address, method=method, base_url=host(other))
        assert reply.status_code == 303, f"{method} {address}: {reply.status_code}"
        assert "/sign-in" in reply.headers["Location"]


@pytest.mark.parametrize("portal", PORTALS)
def test_an_account_of_one_portal_can_not_sign_in_to_the_other(
    database: Settings, patient: Patient, portal: str
) -> None:
    with databases.write() as session:
        names = [
            make_account(session, role=role, **({"patient_id": patient.id} if role is Role.PATIENT else {})).username
            for role in Role
            if (role is Role.PATIENT) == (portal == "public")
        ]
    client = make_app(OTHER[portal], database).test_client()
    for username in names:
        typed = {"username": username, "password": PASSWORD}
        reply = client.post("/sign-in", base_url=host(OTHER[portal]), data=typed)
        assert reply.status_code == 422, username


def test_another_patients_ids_open_nothing_and_each_try_is_on_record(database: Settings, patient: Patient) -> None:
    with databases.write() as session:
        username = make_account(session, role=Role.PATIENT, patient_id=patient.id).username
        other = make_patient(session, name="Lim Ah Kow")
        visit = make_visit(session, other)
        assay = make_assay(session)
        make_observation(session, visit, assay)
        doctor = make_account(session)
        ready = make_ready_report(session, other, doctor)
    sign_ready_report(ready, doctor)
    app = make_app("public", database)
    client = sign_in(app, "public", username)
    ids = {"visit_id": visit.id, "assay_id": assay.id, "report_id": ready.id}
    for query in ("", f"?patient_id={other.id}&patient={other.id}"):
        for method, address in closed_addresses(app, **ids):
            reply = client.open(address + query, method=method, base_url=host("public"))
            assert b"Lim Ah Kow" not in reply.data
            if (address.startswith("/account/") and address.count("/") < 4) or address.startswith("/record/"):
                # Takes nobody's id: what is typed here changes the own account or nothing, and the record is the own.
                assert reply.status_code in (200, 422, 303), f"{method} {address}"
            elif address.count("/") > 1:
                assert reply.status_code == 404, f"{method} {address}"
            else:
                # An address of before the timeline leads to the own one.
                assert reply.status_code in (200, 301, 303), f"{method} {address}"
    with databases.read(Store.HOT) as session:
        denied = set(session.scalars(select(AccessEvent.target).where(AccessEvent.outcome == "deny")))
    assert {f"visit:{visit.id}", f"report:{ready.id}", "passkey:1"} <= denied
