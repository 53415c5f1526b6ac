"""Where the pages of single things of a patient are, for templates that both portals share."""

from __future__ import annotations

from collections.abc import Callable

from flask import url_for

Address = Callable[..., str]


def of_rows(patient_id: int) -> dict[str, Address]:
    """Addresses of a visit, a test, a report, a note's file and a row's correction, by the names in templates."""
    return {
        # Staff read a row's name as it was coded.
        "called": str,
        "visit_url": lambda visit_id: url_for("patients.visit", patient_id=patient_id, visit_id=visit_id),
        "test_url": lambda assay_id: url_for("patients.assay", patient_id=patient_id, assay_id=assay_id),
        "correct_url": lambda table, row_id: url_for(
            "patients.correct", patient_id=patient_id, table=table, row_id=row_id
        ),
        "file_url": lambda note_id, number: url_for(
            "patients.attachment", patient_id=patient_id, note_id=note_id, number=number
        ),
        "report_url": lambda report_id: url_for("reports.review", report_id=report_id),
    }
