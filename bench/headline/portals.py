"""Both portals of a system, and people who have signed in there."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlencode

from bench._environment import program
from bench.headline.rows import Size
from bench.headline.systems import System
from core.embedded import ports
from core.models import Credential, Role, utc_now
from core.picture import rebuild
from core.services.accounts import create_account
from core.stores import databases

HOSTS = {"public": "portal.localhost", "staff": "staff.localhost"}
WORKERS = {"public": 2, "staff": 4}
PATIENTS, CLINICIANS, ADMINS, PANEL = 24, 6, 2, 300
START_SECONDS, ANSWER_SECONDS = 60, 30.0
PASSWORD = "a long password of the benchmark"  # noqa: S105 - of people who are made and removed
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
REFUSED = 599


@dataclass
class Person:
    """One signed-in person's browser. Each request has a connection of its own: none waits for another's."""

    port: int
    host: str
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, path: str, form: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and body; REFUSED if there is no answer."""
        address = f"{self.host}:{self.port}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        with self.lock:
            headers = {"Host": address, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        headers |= {"Connection": "close"}
        body = None
        if form is not None:
            body = urlencode({**form, "csrf_token": self.token})
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"http://{address}/"}
        try:
            connection.request("GET" if form is None else "POST", path, body, headers)
            reply = connection.getresponse()
            text = reply.read().decode()
        except (OSError, http.client.HTTPException):
            return REFUSED, ""
        finally:
            connection.close()
        with self.lock:
            for cookie in reply.headers.get_all("Set-Cookie", ()):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
        return reply.status, text

    def sign_in(self, username: str, then: str) -> None:
        """Sign in, and take a form's token from the page `then`. Raises RuntimeError when it is refused."""
        self._take_token("/sign-in")
        status, _ = self.send("/sign-in", {"username": username, "password": PASSWORD})
        if status != http.HTTPStatus.SEE_OTHER:
            raise RuntimeError(f"{username} can't sign in: {status}")
        self._take_token(then)

    def _take_token(self, path: str) -> None:
        status, text = self.send(path)
        found = TOKEN.search(text)
        if status != http.HTTPStatus.OK or found is None:
            raise RuntimeError(f"{path}: {status}, without a form")
        self.token = found[1]


@dataclass(frozen=True)
class People:
    """Who has signed in, and the patients that clinicians see today."""

    patients: tuple[Person, ...]
    clinicians: tuple[Person, ...]
    admins: tuple[Person, ...]
    panel: tuple[int, ...]


def make_people(system: System, size: Size) -> tuple[int, ...]:
    """Accounts and pictures; returns the panel."""
    system.use()
    panel = tuple(Random(7).sample(range(1, size.patients + 1), min(PANEL, size.patients)))
    _make_pictures(size, panel)
    _make_accounts(panel)
    return panel


@contextmanager
def signed_in(system: System, panel: tuple[int, ...]) -> Iterator[People]:
    """The system's portals, its people signed in."""
    system.use()
    chosen = {name: ports.pick() for name in HOSTS}
    with ExitStack() as stack:
        for name, port in chosen.items():
            stack.enter_context(program(system.env, *_portal(name, port)))
        for port in chosen.values():
            _wait_for(port)

        def person(portal: str, username: str, then: str) -> Person:
            one = Person(chosen[portal], HOSTS[portal])
            one.sign_in(username, then)
            return one

        yield People(
            tuple(person("public", f"bench{n}", "/record") for n in range(min(PATIENTS, len(panel)))),
            tuple(person("staff", f"clinician{n}", "/patients/new") for n in range(CLINICIANS)),
            tuple(person("staff", f"admin{n}", "/archive") for n in range(ADMINS)),
            panel,
        )


def _make_pictures(size: Size, panel: tuple[int, ...]) -> None:
    """The panel's own pictures; all others get one of these, so that the table is as large as it would be."""
    rebuild.rebuild(panel)
    with databases.write(600) as session:
        session.connection().exec_driver_sql(
            "INSERT INTO patient_picture (patient_id, content, updated_at, version)"
            " SELECT n, p.content, now(), 1 FROM generate_series(1, %s) n,"
            " (SELECT content FROM patient_picture LIMIT 1) p ON CONFLICT DO NOTHING",
            (size.patients,),
        )


def _make_accounts(panel: tuple[int, ...]) -> None:
    """All with one password, which is hashed once."""
    names = [
        *[(f"bench{n}", Role.PATIENT, patient) for n, patient in enumerate(panel[:PATIENTS])],
        *[(f"clinician{n}", Role.CLINICIAN, None) for n in range(CLINICIANS)],
        *[(f"admin{n}", Role.ADMIN, None) for n in range(ADMINS)],
    ]
    hashed = ""
    with databases.write(600) as session:
        for username, role, patient_id in names:
            account = create_account(
                session, username=username, password=None if hashed else PASSWORD, role=role, name=username,
                patient_id=patient_id, covers_all=role is Role.CLINICIAN,
            )  # fmt: skip
            session.flush()
            if hashed:
                session.add(Credential(account_id=account.id, password_hash=hashed, password_changed_at=utc_now()))
            else:
                hashed = session.get_one(Credential, account.id).password_hash


def _portal(name: str, port: int) -> list[str]:
    options = f"--bind=127.0.0.1:{port} --workers={WORKERS[name]} --threads=4 --worker-class=gthread --preload"
    return ["gunicorn", f"wsgi:{name}()", *options.split(), "--no-control-socket",
            "--config=python:core.web.gunicorn_hooks"]  # fmt: skip


def _wait_for(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while Person(port, "127.0.0.1").send("/healthz")[0] != http.HTTPStatus.OK:
        if time.monotonic() > until:
            raise RuntimeError(f"no portal answers on port {port}")
        time.sleep(0.2)
