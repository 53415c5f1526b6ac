"""Showing who a number is before anything is done: the reader says that it is the one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import request

from core.access.throttle import ONE_ACCOUNT_EVERYWHERE, Throttle
from core.queries.patients import NoSuchPatient
from core.services import meant
from core.services.accounts import TooManyAttempts
from core.services.input import InvalidInput
from core.services.meant import AnotherPerson, Meant
from core.stores import redis
from core.web.access import record
from core.web.auth import current_account
from core.web.page_sessions import write_session

Faults = dict[str, str]
BORN = "born"


@contextmanager
def guarded(number: int) -> Iterator[None]:
    """Put each wrong year of birth on record, and slow whoever tries one after the other.

    Wrong is what raises AnotherPerson, or InvalidInput of that field. Raises TooManyAttempts.
    """
    tries, who = Throttle(redis.client(), "staff:born", ONE_ACCOUNT_EVERYWHERE), current_account().username
    seconds = tries.wait_seconds(who)
    if seconds:
        raise TooManyAttempts(seconds)
    try:
        yield
    except (AnotherPerson, InvalidInput) as fault:
        if isinstance(fault, AnotherPerson) or BORN in fault.errors:
            # A right year clears no count: else the year of one patient would free the way to all others'.
            tries.failed(who)
            record(meant.IDENTIFIED, target=f"patient:{number}", patient_id=number, outcome="deny")
        raise


def number_of(typed: str | None) -> int | None:
    """A patient's number as typed, None if it is none."""
    text = (typed or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def is_sure(number: int, prefix: str = "") -> bool:
    """Whether the reader has seen the name of this very number."""
    return request.form.get(f"{prefix}sure") == str(number)


def asked(number: int, born: str | None, prefix: str = "", field: str = "patient") -> tuple[Meant | None, Faults]:
    """Who the number is, or what is wrong with it, by the form's fields."""
    try:
        with guarded(number), write_session() as session:
            return meant.named(session, patient_id=number, born=born, by=current_account()), {}
    except NoSuchPatient as fault:
        return None, {f"{prefix}{field}": f"{str(fault).capitalize()}."}
    except AnotherPerson as fault:
        return None, {f"{prefix}born": f"{str(fault).capitalize()}."}
