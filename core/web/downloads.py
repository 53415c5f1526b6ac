"""What a person takes along: made whole on disk before its first byte is sent, so that no half of it looks whole."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from flask import Response, request, send_file
from flask import current_app as app
from sqlalchemy.orm import Session

from core.interchange import record_csv
from core.interchange.fhir import patient_summary, taken_bundles
from core.models import utc_now
from core.queries import reports, results
from core.queries.hidden_visits import NO_VISITS, VisitIds
from core.queries.letterhead import letterhead
from core.queries.reports import SignedReport
from core.queries.results import Trend
from core.staging.contract import StagingError
from core.stores import replica_reads
from core.stores.archived import ColdUnavailable
from core.stores.hot_and_archived import ColdTable
from core.stores.page_reads import Busy
from core.stores.tables import signed_view
from core.web.filters import Formats
from core.web.htmx import render
from core.web.paper import in_words, record_sheet, report_sheet
from core.web.paper.sheet import Letterhead

# Each takes a processor and a place on the disk for some seconds.
AT_ONCE = 2
FORMS = "any(pdf, csv, fhir):form"
MEDIA = {
    "pdf": ("application/pdf", "pdf"),
    "csv": ("text/csv; charset=utf-8", "csv"),
    "fhir": ("application/fhir+json", "json"),
    "zip": ("application/zip", "zip"),
}
_places = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Taken:
    """Whose record is taken along, without which visits, and in which form: pdf, csv or fhir.

    `cold_reports`: where archived reports are read: patients' by views of signed ones, staff's by linked tables.
    `with_reasons`: FHIR says why a visit is kept apart, not only that it is; the patients' portal may not read that.
    """

    patient_id: int
    form: str
    hidden_visits: VisitIds = NO_VISITS
    cold_reports: ColdTable = signed_view
    with_reasons: bool = False


def whole_record(taken: Taken) -> Response:
    """Everything in the record, hot and archived. The caller has recorded the look."""
    return _made(taken, "health-record", _write_record)


def one_test(taken: Taken, assay_id: int) -> Response | None:
    """Every value of one test; None if there is none."""

    def write(session: Session, _taken: Taken, file: IO[bytes]) -> str | None:
        return _write_test(session, taken, assay_id, file)

    return _made(taken, f"test-{assay_id}", write)


def signed_report(taken: Taken, report_id: int) -> Response | None:
    """One signed report; None if the patient has none of this number."""

    def write(session: Session, _taken: Taken, file: IO[bytes]) -> str | None:
        return _write_report(session, taken, report_id, file)

    return _made(taken, f"health-report-{report_id}", write)


# Gives the kind of file that it wrote, by MEDIA; None if there was nothing to write.
Write = Callable[[Session, Taken, IO[bytes]], str | None]


def _made(taken: Taken, name: str, write: Write) -> Any:
    """The file for the browser to keep; None if there is nothing to write; a page if an archive is silent."""
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        with _place(), replica_reads.read() as session:
            kind = write(session, taken, file)
    except BaseException as fault:
        file.close()
        if isinstance(fault, ColdUnavailable | StagingError):
            return render("shared/not_whole.html", status=503, again=request.path)
        raise
    if kind is None:
        file.close()
        return None
    file.seek(0)
    media, ending = MEDIA[kind]
    day = app.jinja_env.filters["iso_day"](utc_now())
    return send_file(file, mimetype=media, as_attachment=True, download_name=f"{name}-{day}.{ending}", etag=False)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=5):
        raise Busy("too many downloads are being made")
    try:
        yield
    finally:
        _places.release()


def _write_record(session: Session, taken: Taken, file: IO[bytes]) -> str:
    signed = _signed_reports(session, taken)
    who, hidden_visits = taken.patient_id, taken.hidden_visits
    if taken.form == "fhir":
        patient_summary.write(
            session, who, file, reports=signed, hidden_visits=hidden_visits, with_reasons=taken.with_reasons
        )
    elif taken.form == "csv":
        record_csv.write(session, who, file, reports=signed, hidden_visits=hidden_visits)
        return "zip"
    else:
        head, formats = _head(session, taken), _formats()
        sheets = record_sheet.record(session, who, head, formats, reports=signed, hidden_visits=hidden_visits)
        return record_sheet.save(sheets, file)
    return taken.form


def _write_test(session: Session, taken: Taken, assay_id: int, file: IO[bytes]) -> str | None:
    trend = _whole_trend(session, taken, assay_id)
    if trend is None:
        return None
    if taken.form == "fhir":
        taken_bundles.write_results(session, taken.patient_id, trend.results, file, with_reasons=taken.with_reasons)
    elif taken.form == "csv":
        record_csv.write_results(reversed(trend.results), file)
    else:
        report_sheet.one_test(trend, _head(session, taken), _formats()).save(file)
    return taken.form


def _write_report(session: Session, taken: Taken, report_id: int, file: IO[bytes]) -> str | None:
    signed = _signed_report(session, taken, report_id)
    if signed is None:
        return None
    if taken.form == "fhir":
        taken_bundles.write_report(session, taken.patient_id, signed, file)
    elif taken.form == "csv":
        record_csv.write_report(signed, file)
    else:
        report_sheet.report(signed, _head(session, taken), _formats()).save(file)
    return taken.form


def _whole_trend(session: Session, taken: Taken, assay_id: int) -> Trend | None:
    """All values of a test. Raises ColdUnavailable rather than leave some out."""
    trend = results.trend(
        session, taken.patient_id, assay_id, with_archived=True, hidden_visits=taken.hidden_visits, limit=None
    )
    if trend is not None and trend.is_partial and trend.held is not None:
        raise ColdUnavailable(trend.held.server, "older results are there")
    return trend


def _signed_reports(session: Session, taken: Taken) -> list[SignedReport]:
    """All signed reports, the newest first. Raises ColdUnavailable."""
    listed = reports.signed_for_patient(session, taken.patient_id, with_archived=True, cold_table=taken.cold_reports)
    found = (_signed_report(session, taken, item.id) for item in listed.items)
    return [report for report in found if report is not None]


def _signed_report(session: Session, taken: Taken, report_id: int) -> SignedReport | None:
    return reports.signed_report(
        session, report_id, taken.patient_id, hidden_visits=taken.hidden_visits, cold_table=taken.cold_reports
    )


def _head(session: Session, taken: Taken) -> Letterhead:
    holder = letterhead(session, taken.patient_id, hidden_visits=taken.hidden_visits, with_archived=True)
    if holder is None:
        raise LookupError(taken.patient_id)
    formats = _formats()
    return in_words.letterhead(holder, formats, formats.day(utc_now()))


def _formats() -> Formats:
    formats: Formats = app.extensions["strata_formats"]
    return formats
