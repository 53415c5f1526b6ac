"""Waits until the programs that the demo started answer."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable
from pathlib import Path

from core.embedded import EmbeddedError
from core.embedded.ports import HOST, claim, is_free

POLL_SECONDS = 0.1
READY_SECONDS = 60


def require_free(port: int, setting: str) -> None:
    claim(port)
    if not is_free(port):
        raise EmbeddedError(
            f"Port {port} is taken by another program.", f"end that program, or choose a free port with {setting}."
        )


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def is_ready(port: int, host_name: str) -> bool:
    """Whether the portal on `port` says that it can serve. Only browsers resolve `portal.localhost`."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": host_name})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_for(what: str, condition: Callable[[], bool], *, log: Path, meanwhile: Callable[[], None]) -> None:
    """Poll until `condition`, doing `meanwhile` each time; raises EmbeddedError after READY_SECONDS."""
    deadline = time.monotonic() + READY_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"{what} did not answer in {READY_SECONDS} s: {_last_line(log)}.",
                f"remove that cause; {log} says more.",
            )
        meanwhile()
        time.sleep(POLL_SECONDS)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1].rstrip(".") if lines else "it wrote no log"
