"""gunicorn's configuration: the hooks that it calls, by these names, in the portals' first process.

Read there before anything else of the product is, so this is where the processes are told to share their figures.
Nothing else here may have the name of one of gunicorn's settings, such as `config`.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from core.metrics import exposed
from core.settings.config import ConfigError, load

log = logging.getLogger(__name__)


def _address() -> str:
    # The app says what is wrong with the settings.
    with suppress(ConfigError):
        return load().metrics_address
    return ""


ADDRESS = _address()
if ADDRESS:
    exposed.share_among_processes()


def pre_request(worker: Any, request: Any) -> None:
    """Hang up on a stranger's too large form."""
    from core.web import hanging_up

    hanging_up.pre_request(worker, request)


def when_ready(_server: Any) -> None:
    """Answer Prometheus for all processes. Pages matter more: a portal serves without figures too."""
    if ADDRESS:
        try:
            exposed.serve(ADDRESS)
        except OSError as fault:
            log.error("no figures at %s: %s", ADDRESS, fault.strerror)


def child_exit(_server: Any, worker: Any) -> None:
    """A process has ended."""
    if ADDRESS:
        exposed.forget_process(worker.pid)


def on_exit(_server: Any) -> None:
    """All have ended."""
    if ADDRESS:
        exposed.end_sharing()
