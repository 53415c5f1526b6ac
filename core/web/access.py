"""Deny by default: each endpoint declares its right or that it is open; each look at a record is recorded first."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, redirect, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from core import audit
from core.access import care, permissions
from core.access.permissions import Right
from core.audit import spool
from core.models import utc_now
from core.services import last_looks
from core.stores import databases
from core.stores.databases import Store
from core.stores.outage import UNREACHABLE, primary
from core.web.auth import account_or_none, current_account

log = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., Any])

DECLARATION = "strata_rights"
CONFIRMATION = "strata_confirmed"
OPEN: frozenset[Right] = frozenset()


class Undeclared(Exception):
    """An endpoint says neither which right it needs nor that it is open."""


def requires(*rights: Right, confirmed: bool = False) -> Callable[[View], View]:
    """The endpoint needs any one of these rights, and with `confirmed` a password entered minutes ago.

    Put it under the route decorator.
    """

    def declare(view: View) -> View:
        setattr(view, DECLARATION, frozenset(rights))
        setattr(view, CONFIRMATION, confirmed)
        return view

    return declare


def open_endpoint(view: View) -> View:
    """The endpoint needs no sign-in. Put it under the route decorator."""
    setattr(view, DECLARATION, OPEN)
    return view


def declared(app: Flask, endpoint: str) -> frozenset[Right] | None:
    """The rights an endpoint declares; empty if it is open, None if it declares nothing."""
    return getattr(app.view_functions[endpoint], DECLARATION, None)


def needs_confirmation(app: Flask, endpoint: str) -> bool:
    """Whether what is sent to an endpoint needs the password again."""
    return getattr(app.view_functions[endpoint], CONFIRMATION, False)


def init_app(app: Flask) -> None:
    """Check every request before anything else looks at it."""
    app.before_request(_check)
    app.context_processor(lambda: {"can": lambda right: permissions.can(account_or_none(), right)})


def _check() -> Response | None:
    if request.endpoint is None:
        return None
    rights = declared(current_app, request.endpoint)
    if rights is None:
        if current_app.testing:
            raise Undeclared(request.endpoint)
        abort(403)
    if not rights:
        return None
    account = account_or_none()
    if account is None:
        return ask_to_sign_in()
    if not any(permissions.can(account, right) for right in rights):
        record("page.open", target=f"page:{request.endpoint}", outcome="deny")
        abort(403)
    return None


def ask_to_sign_in() -> Response:
    """Redirect to the sign-in page; if this was a page, the person comes back to it afterwards."""
    here = request.full_path.rstrip("?") if request.method == "GET" and "HX-Request" not in request.headers else None
    target = url_for("auth.sign_in", next=here)
    if "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Redirect": target, "Vary": "HX-Request"})
    return redirect(target, 303)


def safe_next(raw: str | None) -> str | None:
    """The path to return to after sign-in, if it is one of ours."""
    if not raw or not raw.startswith("/") or raw.startswith(("//", "/\\")) or not raw.isprintable():
        return None
    parts = urlsplit(raw)
    return raw if not parts.scheme and not parts.netloc and "\\" not in raw else None


def look(patient_id: int, action: str, target: str | None = None) -> frozenset[int]:
    """Record that this account looks at a patient's record, for sure, before the page is sent.

    Returns the visits that are hidden from this account: no page shows a row of them.
    404 and an audited refusal if it may not look. Raises NotInCare for a clinician without a tie to the patient,
    OSError when not even the spool can take the event.
    """
    account, target = current_account(), target or f"patient:{patient_id}"
    if not permissions.can_read_record(account, patient_id):
        refuse(action, target, patient_id=patient_id)
    why, hidden_visits = None, frozenset[int]()
    if permissions.can(account, Right.RECORD_READ):
        standing = _standing(account.id, patient_id)
        if standing.tie is None:
            raise care.NotInCare(patient_id, action)
        why, hidden_visits = standing.why, standing.hidden_visits
    record(action, target=target, patient_id=patient_id, purpose=why)
    if action in last_looks.LOOKS:
        _keep_look(account.id, patient_id)
    return hidden_visits


def _keep_look(account_id: int, patient_id: int) -> None:
    """For what is new next time; while the primary is down, the time before counts."""
    if primary.refuses():
        return
    try:
        with databases.write() as session:
            last_looks.note(session, account_id=account_id, patient_id=patient_id, now=utc_now())
    except UNREACHABLE:
        primary.failed()


def check_tie(patient_id: int, action: str) -> None:
    """Raises NotInCare, as `look` does, but records no look: for what is asked again and again and shows no record."""
    if _standing(current_account().id, patient_id).tie is None:
        raise care.NotInCare(patient_id, action)


def refuse(action: str, target: str, *, patient_id: int | None = None) -> NoReturn:
    """Record that this account was refused, and answer 404 as if the thing did not exist."""
    record(action, target=target, patient_id=patient_id, outcome="deny")
    abort(404)


def record(
    action: str, *, target: str, patient_id: int | None = None, outcome: str = "allow", purpose: str | None = None
) -> None:
    """Write one access event: commit it on the primary, or put it in the durable spool while the primary is down."""
    decision = audit.Decision(action, account_or_none(), patient_id, target[:120], outcome, purpose)
    if not primary.refuses():
        try:
            audit.record_alone(decision)
        except UNREACHABLE:
            primary.failed()
        else:
            primary.answered()
            _join_spool()
            return
    spool.append(decision)


def _standing(account_id: int, patient_id: int) -> care.Standing:
    """How the account stands to the patient, from the primary; from the replica while that is down."""
    if not primary.refuses():
        try:
            with databases.read(Store.HOT) as session:
                return care.standing(session, account_id, patient_id)
        except UNREACHABLE:
            primary.failed()
    with databases.read(Store.REPLICA) as session:
        return care.standing(session, account_id, patient_id)


def _join_spool() -> None:
    try:
        spool.join_waiting()
    except (SQLAlchemyError, OSError) as fault:
        log.warning("the spool was not joined: %s", type(fault).__name__)
