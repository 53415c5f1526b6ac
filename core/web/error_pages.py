"""Pages for what goes wrong. A write that can't be made gives back what was typed."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException

from core.access.permissions import PermissionDenied
from core.engines import is_duplicate
from core.jobs.safe_traceback import frames
from core.models.transitions import InvalidTransition
from core.services.accounts import TooManyAttempts
from core.stores.archived import ColdUnavailable
from core.stores.outage import UNREACHABLE
from core.stores.page_reads import SPILL_RETRY_SECONDS, Busy
from core.stores.replica_reads import ReplicaBehind
from core.web.access import ask_to_sign_in, record
from core.web.htmx import wants_fragment

log = logging.getLogger(__name__)

SECRET_WORDS = ("password", "totp", "csrf", "token", "secret")


@dataclass(frozen=True)
class Words:
    """What a page says when something went wrong, and what the person can do."""

    title: str
    text: str


WORDS = {
    400: Words("We could not read that request", "Go back, check what you sent and try again."),
    403: Words("You can't open this page", "Your account does not have access to it."),
    404: Words("Page not found", "It may have moved, or the address may be mistyped."),
    405: Words("That can't be done here", "Go back and use the buttons on the page."),
    409: Words("This has changed since you opened it", "Open the page again to see how it stands now."),
    413: Words("That is too much at once", "Send less at a time: a form may hold 64 KB, one with a note 2 MB."),
    429: Words("Too many tries", "Wait a little, then try again."),
    500: Words("Something went wrong on our side", "Nothing was saved. Try again, or tell us the number below."),
    503: Words("We can't do this right now", "A part of our system is not answering. Please try again in a minute."),
}  # fmt: skip
SILENT = Words("Our archive is not answering", "What you asked for is safe there. Please try again in a minute.")
BEHIND = Words(
    "We are catching up", "Our copy of the newest entries is not complete yet. Please try again in a minute."
)
BUSY = Words("We are very busy", "Your page was not opened, to keep others working. Please try again in a few seconds.")
STALE_FORM = Words("This form is too old", "You may have signed in or out in another window. Open the page again.")
UNSAVED = Words("Not saved yet", "Our main database is not answering. What you typed is below: try again in a minute.")


def init_app(app: Flask) -> None:
    """Answer every fault with a page, or with a notice when htmx asked."""
    app.register_error_handler(CSRFError, lambda fault: answer(400, STALE_FORM))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(PermissionDenied, _denied)
    app.register_error_handler(InvalidTransition, lambda fault: answer(409, WORDS[409]))
    app.register_error_handler(ColdUnavailable, lambda fault: answer(503, SILENT))
    app.register_error_handler(ReplicaBehind, lambda fault: answer(503, BEHIND))
    app.register_error_handler(Busy, _busy)
    app.register_error_handler(TooManyAttempts, _too_many)
    app.register_error_handler(IntegrityError, _overtaken)
    for fault in UNREACHABLE:
        app.register_error_handler(fault, _unreachable)


def _overtaken(fault: IntegrityError) -> Response:
    """Of two that write the same thing at the same time, the database lets one; any other such fault is ours."""
    if not is_duplicate(fault):
        raise fault
    log.warning("request %s was overtaken: %s", g.get("request_id"), frames(fault))
    return answer(409, WORDS[409])


def _denied(fault: PermissionDenied) -> Response:
    """A service refused what the page allowed: record it like any refusal."""
    record("page.refused", target=f"page:{request.endpoint}", outcome="deny")
    return answer(403, WORDS[403])


def _http(fault: HTTPException) -> Response:
    if fault.code == 401:
        return make_response(ask_to_sign_in())
    code = fault.code or 500
    response = answer(code, WORDS.get(code) or WORDS[500 if code >= 500 else 400])
    if code == 405 and fault.get_response().headers.get("Allow"):
        response.headers["Allow"] = fault.get_response().headers["Allow"]
    return response


def _unreachable(fault: Exception) -> Response:
    log.error("request %s: database not answering: %s", g.get("request_id"), type(fault).__name__)
    is_write = request.method == "POST"
    response = answer(503, UNSAVED if is_write else WORDS[503], typed=_typed() if is_write else [])
    response.headers["Retry-After"] = "30"
    return response


def _busy(_fault: Exception) -> Response:
    response = answer(503, BUSY)
    response.headers["Retry-After"] = str(SPILL_RETRY_SECONDS)
    return response


def _too_many(fault: TooManyAttempts) -> Response:
    response = answer(429, WORDS[429])
    response.headers["Retry-After"] = str(fault.seconds)
    return response


def answer(status: int, words: Words, *, typed: list[tuple[str, str]] | None = None) -> Response:
    """The page for a fault; for htmx a notice at the top of the present page, which keeps what was typed."""
    context = {"status": status, "words": words, "typed": typed or [], "request_id": g.get("request_id", "")}
    if wants_fragment():
        response = make_response(render_template("shared/_fault.html", **context), status)
        response.headers["HX-Retarget"] = "#notices"
        response.headers["HX-Reswap"] = "innerHTML"
    else:
        response = make_response(render_template("shared/fault.html", **context), status)
    response.vary.add("HX-Request")
    return response


def _typed() -> list[tuple[str, str]]:
    """What the form held, secrets left out."""
    return [
        (name, value)
        for name, value in request.form.items(multi=True)
        if not any(word in name.lower() for word in SECRET_WORDS)
    ]
