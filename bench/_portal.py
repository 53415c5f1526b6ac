"""The patients' portal over HTTP, as one signed-in patient's browser reads it."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlencode

from bench._environment import Environment, program
from core.embedded import ports
from core.models import Role
from core.services.accounts import create_account
from core.stores import databases

HOST = "portal.localhost"
PASSWORD = "a long password of the benchmark"  # noqa: S105 - of a patient who is made and removed
START_SECONDS = 30
PERCENT = 0.95
# What a patient reads: all that is on record, results, who they are, reports.
PATHS = ("/history", "/results", "/record", "/history?kind=reports")


class Client:
    """One keep-alive connection with its cookies."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.port = port
        self._host, self._cookies = f"{HOST}:{port}", dict[str, str]()

    def get(self, path: str) -> tuple[int, str]:
        """Status and body."""
        return self._send("GET", path)

    def seconds(self, path: str) -> float:
        """Seconds that a page takes. Raises RuntimeError if the answer is not 200."""
        began = time.perf_counter()
        status, _ = self.get(path)
        spent = time.perf_counter() - began
        if status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path}: {status}")
        return spent

    def sign_in(self, username: str) -> None:
        """Raises RuntimeError when it is refused."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/sign-in")[1])
        fields = {"csrf_token": token[1] if token else "", "username": username, "password": PASSWORD}
        status, _ = self._send("POST", "/sign-in", urlencode(fields))
        if status != http.HTTPStatus.SEE_OTHER:
            raise RuntimeError(f"the benchmark's patient can't sign in: {status}")

    def _send(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        headers = {"Host": self._host, "Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items())}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"http://{self._host}/sign-in"}
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        except http.client.RemoteDisconnected:
            # The portal has let go of a connection that was idle.
            self._connection.close()
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie", ()):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return response.status, response.read().decode()


def make_account(patient_id: int) -> str:
    """A patient's account; returns its user name."""
    with databases.write() as session:
        create_account(session, username=f"bench{patient_id}", password=PASSWORD, role=Role.PATIENT,
                       name=f"Patient {patient_id}", patient_id=patient_id, by=None)  # fmt: skip
    return f"bench{patient_id}"


HANGING_UP = "--config=python:core.web.gunicorn_hooks"


@contextmanager
def signed_in(made: Environment, username: str, workers: int = 1) -> Iterator[Client]:
    """A portal of its own, and a client that has signed in there."""
    port = ports.pick()
    options = [f"--bind=127.0.0.1:{port}", f"--workers={workers}", "--threads=4", "--worker-class=gthread"]
    with program(made.env, "gunicorn", "wsgi:public()", *options, "--no-control-socket", HANGING_UP):
        client = Client(port)
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                client.get("/healthz")
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                client = Client(port)
                time.sleep(0.1)
        client.sign_in(username)
        yield client


def p95(seconds: Sequence[float]) -> float:
    """The 95th percentile, the nearest rank."""
    return sorted(seconds)[min(len(seconds) - 1, round(PERCENT * len(seconds)))]
