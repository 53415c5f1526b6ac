"""Where a patient's pages of single things are, for templates that both portals share."""

from __future__ import annotations

from collections.abc import Callable

from flask import url_for

from core.web.lay_terms import lay

Address = Callable[..., str]


def of_rows() -> dict[str, Address]:
    """The addresses of a visit, a test, a report and a note's file, by the names that templates use.

    `called` tells how a patient reads a row's name.
    """
    return {
        "called": lay,
        "visit_url": lambda visit_id: url_for("visits.show", visit_id=visit_id),
        "test_url": lambda assay_id: url_for("results.show", assay_id=assay_id),
        "file_url": lambda note_id, number: url_for("downloads.attachment", note_id=note_id, number=number),
        "report_url": lambda report_id: url_for("reports.show", report_id=report_id),
    }
