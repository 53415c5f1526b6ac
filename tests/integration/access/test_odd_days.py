"""Days at the ends of the calendar and past them, wherever a portal reads a day or anything else: never a fault.

Every address of both portals, every name that its code asks for, every part of it and every field of its forms: found
by the map of addresses and by asking, so a new one is tried too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from core.access.throttle import Throttle
from core.models import Role
from core.settings.config import Settings
from core.web.access import declared
from tests.integration.access.hostile_forms import URLENCODED, urlencoded
from tests.integration.access.read_names import noted
from tests.integration.access.test_fuzzed_forms import GOOD, TRACES, Fuzzer, forms_of, ids, written  # noqa: F401
from tests.integration.access.test_two_portals import PORTALS, VALUES
from tests.integration.staff.test_staff_access import verb_of

DAYS = (
    "0001-01-01", "9999-12-31", "0000-01-01", "10000-01-01", "-0001-01-01", "٢٠٢٦-٠١-٠١", "²⁰²⁶-01-01", "2026-00-00",
    "0001-01-01T00:00", "9999-12-31T23:59", "10000-01-01T00:00", "٢٠٢٦-٠١-٠١T٠٠:٠٠",
)  # fmt: skip
YEARS = ("0001", "1", "0", "9999", "10000", "-1", "٢٠٢٦", "²", str(2**63))
QUARTERS = ("0001-Q1", "9999-Q4", "0000-Q1", "10000-Q1", "٢٠٢٦-Q1", "2026-Q²")
ODD = (*DAYS, *YEARS, *QUARTERS)
PART = re.compile(r"<(?:[^<>:]+:)?(\w+)>")
# A field that holds a day, by its name; no list, so that a form's new one counts too.
OF_A_DAY = re.compile(r"(?:_on|_at|_of|born|day|year)$")
# What a page says of what it does not take.
CLEAR = re.compile(r"error-summary|role=\"alert\"|<h1[^>]*>[^<]*\w")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Throttle, "wait_seconds", lambda *_: 0)


class Form(NamedTuple):
    """A form's fields, filled in well, and who may send it."""

    role: Role | None
    fields: dict[str, str]


class Asker:
    """A portal, whoever may open each address, and what went wrong."""

    def __init__(self, portal: str, settings: Settings, rows: dict[str, int]) -> None:
        self.fuzzer = Fuzzer(portal, settings, rows)
        self.unclear: list[str] = []
        self._clients = dict[Role | None, FlaskClient]()

    def ask(self, method: str, address: str, role: Role | None, **sent: Any) -> Any:
        client = self._clients.get(role) or self._clients.setdefault(role, self.fuzzer.client(role))
        reply = self.fuzzer.send(client, method, address, **sent)
        if role is None or "/sign-in" in reply.headers.get("Location", ""):
            # It signed itself out.
            self._clients.pop(role)
        if reply.status_code in (400, 422) and not is_clear(reply):
            self.unclear.append(f"{reply.status_code} {method} {address} {sent}: {reply.text[:200]}")
        return reply

    def names(self, address: str, role: Role | None) -> set[str]:
        """What answering this address asks for; also what it asks for only when the others are there."""
        with noted(self.fuzzer.app) as asked:
            for _ in range(2):
                self.ask("GET", address, role, query_string=dict.fromkeys(sorted(asked), "1"))
        return asked

    def forms(self) -> dict[str, Form]:
        """Each form by where it is sent, as pages show it, or else with the names that its address asks for."""
        shown, found = forms_of(self.fuzzer), dict[str, Form]()
        for address, role in dict.fromkeys(self.fuzzer.addresses("POST")):
            with noted(self.fuzzer.app) as asked:
                self.post(address, Form(role, {}), {})
            fields = {name: GOOD.get(name, "") for name in asked - {"csrf_token"}}
            fields |= {name: value.decode() for name, value in shown.get(address, {}).items() if name != "csrf_token"}
            found[address] = Form(role, fields)
        return found

    def post(self, address: str, form: Form, odd: dict[str, str]) -> Any:
        fields = {**form.fields, **odd}
        body = urlencoded((name, value.encode()) for name, value in fields.items())
        return self.ask("POST", address, form.role, data=body, content_type=URLENCODED)

    def refuse(self, address: str, form: Form, name: str, odd: str) -> None:
        """A form that is good but for a day must be refused, with nothing kept of it."""
        with written() as tables:
            reply = self.post(address, form, {name: odd})
        if tables - TRACES:
            self.unclear.append(f"{reply.status_code} {address} took {name} = {odd!r}: wrote {sorted(tables - TRACES)}")

    def parts(self, method: str) -> Iterator[tuple[str, Role | None]]:
        """Each address with each odd text in each of its parts, and who may use it."""
        for rule in self.fuzzer.app.url_map.iter_rules():
            if method in (rule.methods or ()) and rule.arguments and declared(self.fuzzer.app, rule.endpoint):
                good = self._filled(rule, {})
                role = self.fuzzer._role_for(good, method)  # noqa: SLF001
                for name in sorted(rule.arguments - {"verb", "filename"}):
                    yield from ((self._filled(rule, {name: odd}), role) for odd in ODD)

    def _filled(self, rule: Rule, odd: dict[str, str]) -> str:
        values: dict[str, Any] = {**VALUES, **self.fuzzer.ids, **odd}
        if "verb" in rule.arguments:
            values["verb"] = verb_of(rule)
        return PART.sub(lambda part: str(values.get(part[1], "cost")), rule.rule)


def is_clear(reply: Any) -> bool:
    """Whether whoever reads it is told what is wrong: on a page, or in words for whatever else asks."""
    if reply.mimetype != "text/html":
        return bool(reply.text.strip())
    return CLEAR.search(reply.text) is not None


@pytest.fixture
def asker(database: Settings, ids: dict[str, int], portal: str) -> Asker:  # noqa: F811
    return Asker(portal, database, ids)


both = pytest.mark.parametrize("portal", PORTALS)
# In each run a third of the texts is tried in each place, another third in the next; in the long run all in each.
each = pytest.mark.parametrize("every", [3, pytest.param(1, marks=[pytest.mark.long, pytest.mark.timeout(3_600)])])


def nothing_wrong(asker: Asker) -> None:
    assert sorted(set(asker.fuzzer.faults)) == []
    assert asker.unclear == []


@both
@each
@pytest.mark.timeout(600)
def test_in_every_name_that_an_address_is_asked_with(asker: Asker, portal: str, every: int) -> None:
    pages = {address: (role, asker.names(address, role)) for address, role in asker.fuzzer.addresses("GET")}
    asked = {name for _, names in pages.values() for name in names}
    assert asked >= ({"year", "month", "own"} if portal == "public" else {"year", "month", "after", "days", "q"})
    places = [(address, role, name) for address, (role, names) in pages.items() for name in sorted(names)]
    for place, (address, role, name) in enumerate(places):
        for odd in ODD[place % every :: every]:
            asker.ask("GET", address, role, query_string={name: odd})
    nothing_wrong(asker)


@both
@each
@pytest.mark.timeout(600)
def test_in_every_part_of_an_address(asker: Asker, portal: str, every: int) -> None:
    for method in ("GET", "POST"):
        for address, role in list(asker.parts(method))[::every]:
            asker.ask(method, address, role)
    nothing_wrong(asker)


@both
@each
@pytest.mark.timeout(600)
def test_in_every_field_of_every_form(asker: Asker, portal: str, every: int) -> None:
    """A field of a day takes none of them, and nothing is written; of the others none fails."""
    forms = asker.forms()
    days = [(address, name) for address, form in forms.items() for name in sorted(form.fields) if OF_A_DAY.search(name)]
    assert {name for _, name in days} >= (set() if portal == "public" else {"birth_on", "started_at", "as_of", "born"})
    for place, (address, name) in enumerate(days):
        for odd in ODD[place % every :: every]:
            asker.refuse(address, forms[address], name, odd)
    for place, (address, form) in enumerate(forms.items()):
        for odd in ODD[place % every :: every]:
            asker.post(address, form, dict.fromkeys(form.fields, odd))
    nothing_wrong(asker)
