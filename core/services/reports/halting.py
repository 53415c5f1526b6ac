"""Halting and resuming the report loop: meanwhile new requests wait, and running reports stop at their next step."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from core import audit
from core.access import permissions
from core.access.permissions import Actor, Right
from core.jobs import outbox
from core.models import Report, Switch, utc_now
from core.services.reports.lifecycle import IN_WORK
from core.services.reports.requests import TASK

HALT = "reports halted"
COMMAND = "the command"


class BadHalt(ValueError):
    """The loop can't be halted or resumed like that; the message says what to mend."""


def halted(session: Session) -> Switch | None:
    """Who halted the loop, why and since when; None while it runs."""
    return session.scalar(select(Switch).where(is_halted()))


def is_halted() -> ColumnElement[bool]:
    """The condition that finds the loop's switch while it is on."""
    return and_(Switch.name == HALT, Switch.on)


def halt(session: Session, *, reason: str, by: Actor | None) -> Switch:
    """Stop the loop. `by` is None for the command. Raises PermissionDenied, BadHalt."""
    _check(by)
    if not reason.strip():
        raise BadHalt("Say why: those who wait for a report are shown it.")
    if halted(session) is not None:
        raise BadHalt("The report loop is halted already.")
    return _switch(session, True, reason.strip()[:400], by)


def resume(session: Session, *, by: Actor | None) -> int:
    """Let the loop go on, with every report that waits. Returns how many. Raises PermissionDenied, BadHalt."""
    _check(by)
    if halted(session) is None:
        raise BadHalt("The report loop is not halted.")
    _switch(session, False, None, by)
    waiting = session.scalars(select(Report.id).where(Report.state.in_(IN_WORK)).order_by(Report.id)).all()
    for report_id in waiting:
        outbox.add(session, TASK, report_id=report_id)
    return len(waiting)


def _check(by: Actor | None) -> None:
    if by is not None:
        permissions.check(by, Right.REPORTS_HALT)


def _switch(session: Session, on: bool, reason: str | None, by: Actor | None) -> Switch:
    switch = session.get(Switch, HALT, with_for_update=True)
    if switch is None:
        switch = Switch(name=HALT)
        session.add(switch)
    switch.on, switch.reason, switch.changed_at = on, reason, utc_now()
    switch.changed_by = by.name if by is not None else COMMAND
    audit.record(session, "reports.halt" if on else "reports.resume", by=by, target="switch:reports", purpose=reason)
    return switch
