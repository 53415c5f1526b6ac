"""A clinic's quarter in figures, as a page and as a file for a spreadsheet."""

from __future__ import annotations

import io

from flask import Blueprint, abort, send_file
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.interchange.spreadsheets import CsvTable
from core.queries import visit_form
from core.queries.clinic_quarters import FEWEST, BadQuarter, ClinicQuarter, Quarter, clinic_quarter
from core.stores import databases, replica_reads
from core.web.access import record, requires
from core.web.htmx import render
from staff_app.clock import today

bp = Blueprint("clinics", __name__, url_prefix="/clinics")
COLUMNS = ("topic", "name", "month", "count")


@bp.get("")
@requires(Right.CLINIC_FIGURES)
def listing() -> Response:
    present = Quarter.of(today())
    with replica_reads.read(replica_reads.PAGE_SECONDS) as session:
        clinics = visit_form.clinics(session)
    return render("staff/clinics/listing.html", clinics=clinics, present=present)


@bp.get("/<id:clinic_id>/quarters/<quarter>")
@requires(Right.CLINIC_FIGURES)
def show(clinic_id: int, quarter: str) -> Response:
    found = _figures(clinic_id, quarter)
    following = found.quarter.after if found.quarter < Quarter.of(today()) else None
    return render("staff/clinics/quarter.html", clinic_id=clinic_id, found=found, fewest=FEWEST, following=following)


@bp.get("/<id:clinic_id>/quarters/<quarter>.csv")
@requires(Right.CLINIC_FIGURES)
def table(clinic_id: int, quarter: str) -> Response:
    found = _figures(clinic_id, quarter)
    if found.silent:
        return render("staff/clinics/not_whole.html", status=503, clinic_id=clinic_id, found=found)
    file = io.BytesIO()
    _write(found, file)
    file.seek(0)
    return send_file(file, mimetype="text/csv", as_attachment=True, download_name=f"clinic-{clinic_id}-{quarter}.csv")


def _figures(clinic_id: int, name: str) -> ClinicQuarter:
    try:
        wanted = Quarter.parse(name)
    except BadQuarter:
        abort(404)
    record("clinics.quarter_viewed", target=f"clinic:{clinic_id}")
    with replica_reads.read(replica_reads.PAGE_SECONDS) as session:
        seconds = databases.current().settings.statement_timeout_seconds
        found = clinic_quarter(session, clinic_id, wanted, seconds=seconds)
    return found or abort(404)


def _write(found: ClinicQuarter, file: io.BytesIO) -> None:
    lines = CsvTable(file, COLUMNS)
    for month in found.months:
        for topic in ("visits", "patients", "tests", "out_of_range", "medicines"):
            lines.add(("sum", topic, f"{month.first:%Y-%m}", getattr(month, topic)))
    for topic in ("visits", "tests", "medicines"):
        share = getattr(found, topic)
        for line in (*share.lines, *([share.others] if share.others else [])):
            for month, count in zip(found.months, line.counts, strict=True):
                lines.add((topic, line.name, f"{month.first:%Y-%m}", count))
