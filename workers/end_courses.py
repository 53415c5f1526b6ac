"""The job that ends the courses of medicine whose last day is over."""

from __future__ import annotations

from datetime import date

from core.models import PrescriptionStatus, utc_now
from core.services import courses
from core.stores import databases
from core.stores.page_zone import page_zone


def end_courses() -> str:
    """End what is over where the clinic is; a job, safe to repeat."""
    day = utc_now().astimezone(page_zone()).date()
    after, changed = 0, 0
    while True:
        ids, last = _due(after, day)
        if ids:
            with databases.write() as session:
                changed += courses.end(session, ids, day)
        if last is None:
            return f"{changed} courses of medicine ended"
        after = last


def _due(after: int, day: date) -> tuple[list[int], int | None]:
    """The ids of those among the next that stand otherwise now, and the last id read; None if that was all."""
    with databases.write() as session:
        rows = session.execute(courses.told(after)).all()
    due = [row.id for row in rows if courses.standing(row.said, day) != PrescriptionStatus.ACTIVE]
    return due, rows[-1].id if len(rows) == courses.ROWS_READ else None
