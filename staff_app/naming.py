"""Showing who a number is before anything is done: the reader says that it is the one."""

from __future__ import annotations

from flask import request

from core.queries.patients import NoSuchPatient
from core.services import meant
from core.services.meant import AnotherPerson, Meant
from core.web.auth import current_account
from core.web.page_sessions import write_session

Faults = dict[str, str]


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
        with write_session() as session:
            return meant.named(session, patient_id=number, born=born, by=current_account()), {}
    except NoSuchPatient as fault:
        return None, {f"{prefix}{field}": f"{str(fault).capitalize()}."}
    except AnotherPerson as fault:
        return None, {f"{prefix}born": f"{str(fault).capitalize()}."}
