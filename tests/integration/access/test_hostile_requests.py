"""A portal as it is served, and requests that no browser sends: too large, malformed, ambiguous, cut off."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.embedded import ports
from core.settings.config import Settings
from core.web.request_bounds import FORM_BYTES_MAX

ROOT = Path(__file__).parents[3]
HOST = "portal.localhost"
START_SECONDS = 60
GET = f"GET /sign-in HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n"
POST = GET.replace("GET", "POST") + "Content-Type: application/x-www-form-urlencoded\r\n"
MEGABYTE = "x" * 1024 * 1024

# What is sent, and the answers it may get; "" is a connection closed without one.
REFUSED: dict[str, tuple[str, set[str]]] = {
    "a query of 1 MB": (f"GET /sign-in?next={MEGABYTE} HTTP/1.1\r\nHost: {HOST}\r\n\r\n", {"400", "414", ""}),
    "a header of 1 MB": (f"{GET}X-Large: {MEGABYTE}\r\n\r\n", {"400", "431", ""}),
    "a cookie of 1 MB": (f"{GET}Cookie: __Host-strata_public={MEGABYTE}\r\n\r\n", {"400", "431", ""}),
    "ten thousand headers": (GET + "".join(f"X-{n}: 1\r\n" for n in range(10_000)) + "\r\n", {"400", "431", ""}),
    "a header without an end": (GET + "X-Large: " + MEGABYTE, {"400", "431", ""}),
    "a body said to be too large": (f"{POST}Content-Length: {FORM_BYTES_MAX + 1}\r\n\r\n", {"413"}),
    "a body said to be endless": (f"{POST}Content-Length: {'9' * 30}\r\n\r\n", {"400", "413"}),
    "a body of no length": (f"{POST}Content-Length: -1\r\n\r\n", {"400"}),
    "a body of two lengths": (f"{POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", {"400"}),
    "a length and chunks": (f"{POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {"400"}),
    "chunks of another sort": (f"{POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", {"400", "501"}),
    "a chunk of no size": (f"{POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", {"400", "500"}),
    "chunks that are too many": (
        f"{POST}Transfer-Encoding: chunked\r\n\r\n" + f"100000\r\n{MEGABYTE}\r\n" * 3 + "0\r\n\r\n", {"400", "413", ""},
    ),
    "another host": ("GET /sign-in HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", {"400"}),
    "another host in the first line": (
        f"GET http://evil.example/sign-in HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n", {"200", "400"},
    ),
    "no host": ("GET /sign-in HTTP/1.1\r\nConnection: close\r\n\r\n", {"400"}),
    "two hosts": (f"{GET}Host: evil.example\r\n\r\n", {"400"}),
    "a name with a blank": (f"{GET}X Forwarded: 1\r\n\r\n", {"400"}),
    "a line broken in a header": (f"{GET}X-One: 1\rX-Two: 2\r\n\r\n", {"400"}),
    "a null in a header": (f"{GET}X-One: \0\r\n\r\n", {"400"}),
    "a way up": (f"GET /static/../../wsgi.py HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n", {"404"}),
    "a way up, written otherwise": (
        f"GET /static/%2e%2e/%2e%2e/wsgi.py HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n", {"404"},
    ),
    "no request": ("\x16\x03\x01 hello\r\n\r\n", {"400", ""}),
}  # fmt: skip


@pytest.fixture(scope="module")
def port(environment: dict[str, str], settings: Any) -> Iterator[int]:
    """`strata serve public`, with as few threads as there can be."""
    chosen = ports.pick()
    command = [sys.executable, "-m", "cli", "serve", "public", "--bind", f"127.0.0.1:{chosen}", "--workers", "1",
               "--threads", "2"]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait_for(process, chosen)
        yield chosen
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    for _attempt in range(START_SECONDS * 4):
        assert process.poll() is None, "the portal did not start"
        try:
            if status(port, f"{GET}\r\n") == "200":
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError("the portal does not answer")


def answer(port: int, sent: str) -> str:
    """All that the portal says before it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(sent.encode("latin-1"))
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has seen enough, and closed
        said = b""
        try:
            while more := connection.recv(65536):
                said += more
        except ConnectionError:
            pass
    return said.decode("latin-1")


def status(port: int, sent: str) -> str:
    said = answer(port, sent)
    return said.split()[1] if said else ""


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_and_the_next_is_served(database: Settings, port: int, what: str) -> None:
    sent, allowed = REFUSED[what]
    said = answer(port, sent)
    assert (said.split()[1] if said else "") in allowed, said[:300]
    assert "Traceback" not in said
    assert "evil.example" not in said
    assert status(port, f"{GET}\r\n") == "200"


def test_a_body_within_the_limit_is_read(database: Settings, port: int) -> None:
    body = "username=" + "x" * (FORM_BYTES_MAX - 20)
    assert status(port, f"{POST}Content-Length: {len(body)}\r\n\r\n{body}") == "400"
