"""What the tests of reports speak of."""

from __future__ import annotations

from dataclasses import dataclass

from core.models import Account
from core.queries import reports
from core.queries.reports import ReviewReport
from core.stores import databases
from core.stores.databases import Store


@dataclass(frozen=True)
class Record:
    """A patient with a record, and two clinicians."""

    patient_id: int
    doctor: Account
    colleague: Account
    latest_id: int
    allergy_id: int


def view(report_id: int) -> ReviewReport:
    """The report as its reviewer sees it now."""
    with databases.read(Store.HOT) as session:
        found = reports.review(session, report_id)
    assert found is not None
    return found
