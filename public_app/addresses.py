"""Where a patient's pages of single things are, for templates that both portals share."""

from __future__ import annotations

from collections.abc import Callable

from flask import url_for

Address = Callable[[int], str]


def of_rows() -> dict[str, Address]:
    """The addresses of a visit, a test and a report, by the names that templates use."""
    return {
        "visit_url": lambda visit_id: url_for("visits.show", visit_id=visit_id),
        "test_url": lambda assay_id: url_for("results.show", assay_id=assay_id),
        "report_url": lambda report_id: url_for("reports.show", report_id=report_id),
    }
