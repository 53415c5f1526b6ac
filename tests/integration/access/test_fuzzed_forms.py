"""Every form of both portals, filled in as no page of ours would: never a fault of ours, and nothing half-written.

A few hundred requests for each portal, chosen by a seed; the long run sends them all.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from flask import Flask, got_request_exception
from flask.testing import FlaskClient
from sqlalchemy import event, select

from core.access.throttle import Throttle
from core.models import Account, Claim, Patient, Role
from core.services import archive
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from core.web.access import declared
from tests.factories import PASSWORD, make_account, make_assay, make_observation, make_patient, make_visit
from tests.integration.access.hostile_forms import SHAPES, URLENCODED, VALUES, forms_in, names_read, urlencoded
from tests.integration.access.test_forged_forms import may
from tests.integration.access.test_matrix import account_of, begin
from tests.integration.access.test_two_portals import PORTALS, closed_addresses, host, make_app
from tests.ready_report import make_ready_report

# Of each portal: two or three times every address on a quiet machine of two cores, once on a busy one.
SECONDS = 8.0
# As much as a form, or a request's first line, may have.
BODY_BYTES_MAX, QUERY_BYTES_MAX = 60_000, 90
# What a request that is refused may leave behind: that it was made, and by whom.
TRACES = {"access_event", "chain_head", "sign_in", "last_look", "glass_break"}
WRITE = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
# Good values for what a form leaves empty.
GOOD = {
    "reason": "A reason that is long enough", "password": PASSWORD, "born": "1961", "birth_on": "1961-03-14",
    "name": "Tan Ah Kow", "sex": "female", "started_at": "2026-11-01T09:00", "description": "Check-up",
    "class_code": "AMB", "text": "A note",
}  # fmt: skip


@pytest.fixture
def ids(database: Settings) -> dict[str, int]:
    """Rows for the ids in addresses, by the ids' names."""
    with databases.write() as session:
        patient = make_patient(session)
        visit = make_visit(session, patient, status="in-progress", ended_at=None)
        assay = make_assay(session)
        observation = make_observation(session, visit, assay)
        doctor = make_account(session)
        report_id = make_ready_report(session, patient, doctor).id
        run = archive.start_run(session, record_type="visit", by=None)
        claim = session.scalars(select(Claim.id).where(Claim.report_id == report_id).limit(1)).one()
        return {"patient_id": patient.id, "visit_id": visit.id, "assay_id": assay.id, "row_id": observation.id,
                "report_id": report_id, "claim_id": claim, "run_id": run.id, "account_id": doctor.id}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guesses are slowed elsewhere: test_guessing.py."""
    monkeypatch.setattr(Throttle, "wait_seconds", lambda *_: 0)


class Fuzzer:
    """A portal, a sign-in for each role, and what went wrong so far."""

    def __init__(self, portal: str, settings: Settings, ids: dict[str, int]) -> None:
        self.portal, self.settings, self.ids = portal, settings, ids
        self.app: Flask = make_app(portal, settings)
        self.faults: list[str] = []
        self.sent = 0
        self._raised: list[str] = []
        self._signal = lambda _app, exception, **_: self._raised.append(repr(exception)[:200])
        got_request_exception.connect(self._signal, self.app)
        with databases.read(Store.HOT) as session:
            self.patient = session.get_one(Patient, ids["patient_id"])

    def client(self, role: Role | None) -> FlaskClient:
        """Signed in a moment ago; a role of None is a stranger."""
        client = self.app.test_client()
        if role is not None:
            account = self._patients_own() if self.portal == "public" else None
            begin(client, self.settings, self.portal, account or account_of(role, self.patient))
        return client

    def _patients_own(self) -> Account | None:
        with databases.read(Store.HOT) as session:
            query = select(Account).where(Account.patient_id == self.patient.id, Account.active)
            return session.scalars(query).first()

    def addresses(self, method: str) -> Iterator[tuple[str, Role | None]]:
        """Each address that takes the method, and a role that may use it."""
        for asked, address in closed_addresses(self.app, **self.ids):
            if asked == method:
                yield address, self._role_for(address, method)
        for rule in self.app.url_map.iter_rules():
            if method in (rule.methods or ()) and not declared(self.app, rule.endpoint) and not rule.arguments:
                yield rule.rule, None

    def _role_for(self, address: str, method: str) -> Role:
        """A role of this portal that may use an address."""
        rights = declared(self.app, self.app.url_map.bind("localhost").match(address, method)[0]) or ()
        roles = [role for role in Role if (role is Role.PATIENT) == (self.portal == "public")]
        return next(role for role in roles if any(may(role, right) for right in rights))

    def send(self, client: FlaskClient, method: str, address: str, **sent: Any) -> Any:
        """Send it, and note a fault of ours, or what a refused request has written."""
        self._raised.clear()
        with written() as tables:
            reply = client.open(address, method=method, base_url=host(self.portal), **sent)
        self.sent += 1
        what = f"{method} {address} {str(sent.get('data', sent.get('query_string')))[:160]}"
        if reply.status_code >= 500:
            self.faults.append(f"{reply.status_code} {what}: {self._raised}")
        elif reply.status_code >= 400 and tables - TRACES:
            self.faults.append(f"{reply.status_code}, and yet it wrote {sorted(tables - TRACES)}: {what}")
        return reply


@contextmanager
def written() -> Iterator[set[str]]:
    """The tables that transactions on the primary wrote and committed, for a `with` block."""
    engine, waiting, kept = databases.current().engine(Store.HOT, read_only=False), set[str](), set[str]()

    def note(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if (found := WRITE.match(statement)) and cursor.rowcount:
            waiting.add(found[1])

    def commit(_connection: Any) -> None:
        kept.update(waiting)
        waiting.clear()

    def rollback(_connection: Any) -> None:
        waiting.clear()

    listeners = (("after_cursor_execute", note), ("commit", commit), ("rollback", rollback))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield kept
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def forms_of(fuzzer: Fuzzer) -> dict[str, dict[str, bytes]]:
    """The fields of each form that the portal's pages show, filled in well."""
    found: dict[str, dict[str, bytes]] = {}
    for address, role in fuzzer.addresses("GET"):
        page = fuzzer.client(role).get(address, base_url=host(fuzzer.portal))
        if page.mimetype == "text/html":
            for target, fields in forms_in(page.text).items():
                filled = {name: (value or GOOD.get(name, "")).encode() for name, value in fields.items()}
                found.setdefault(target or address, {}).update(filled)
    return found


Sent = tuple[str, Role | None, str, Callable[[], dict[str, Any]]]


def hostile(fuzzer: Fuzzer, chance: random.Random) -> Iterator[Sent]:
    """The method, the role, the address, and what makes the request; one of every address before another of any."""
    queues = queues_of(fuzzer)
    for queue in queues:
        chance.shuffle(queue)
    while queues := [queue for queue in queues if queue]:
        yield from (queue.pop() for queue in queues)


def queues_of(fuzzer: Fuzzer) -> list[list[Sent]]:
    """The hostile requests to each address."""
    names, forms = names_read(fuzzer.portal), forms_of(fuzzer)
    good = {name: GOOD.get(name, "").encode() for name in names}
    asked = [
        (method, role, address, _forms(forms.get(address) or good) if method == "POST" else _queries(names))
        for method in ("POST", "GET")
        for address, role in dict.fromkeys(fuzzer.addresses(method))
    ]
    return [[(method, role, address, one) for one in made] for method, role, address, made in asked]


def _forms(own: dict[str, bytes]) -> list[Callable[[], dict[str, Any]]]:
    """A form with each hostile value in all its fields, and in each of them alone, and in odd shapes."""
    made = [partial(_form, dict.fromkeys(own, value)) for value in VALUES]
    made += [partial(_form, {**own, name: value}) for name in own for value in VALUES]
    return made + [partial(shape, own) for shape in SHAPES]


def _queries(names: Collection[str]) -> list[Callable[[], dict[str, Any]]]:
    return [partial(_query, dict.fromkeys(names, value)) for value in VALUES if len(value) < QUERY_BYTES_MAX]


def _form(fields: dict[str, bytes]) -> dict[str, Any]:
    return {"data": urlencoded(fields.items())[:BODY_BYTES_MAX], "content_type": URLENCODED}


def _query(fields: dict[str, bytes]) -> dict[str, Any]:
    return {"query_string": urlencoded(fields.items()).decode()}


def fuzz(fuzzer: Fuzzer, seed: int, seconds: float) -> None:
    until, clients = 0.0, dict[Role | None, FlaskClient]()
    for method, role, address, request in hostile(fuzzer, random.Random(seed)):
        until = until or time.monotonic() + seconds
        if time.monotonic() > until:
            break
        client = clients.get(role) or clients.setdefault(role, fuzzer.client(role))
        reply = fuzzer.send(client, method, address, **request())
        if role is None or "/sign-in" in reply.headers.get("Location", ""):
            # It signed itself out.
            clients.pop(role)


@pytest.mark.parametrize("portal", PORTALS)
def test_no_form_makes_a_portal_fail_or_write_by_halves(database: Settings, ids: dict[str, int], portal: str) -> None:
    fuzzer = Fuzzer(portal, database, ids)
    fuzz(fuzzer, 17, SECONDS)
    assert "\n".join(sorted(set(fuzzer.faults))) == ""
    assert fuzzer.sent > 20
    # What was taken can be shown.
    for address, role in fuzzer.addresses("GET"):
        fuzzer.send(fuzzer.client(role), "GET", address)
    assert fuzzer.faults == []


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("portal", PORTALS)
def test_every_hostile_value_in_every_form(database: Settings, ids: dict[str, int], portal: str) -> None:
    fuzzer = Fuzzer(portal, database, ids)
    fuzz(fuzzer, 18, 3_000)
    assert sorted(set(fuzzer.faults)) == []
