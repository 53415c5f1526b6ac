"""A record as tables that any spreadsheet opens: a ZIP of CSV files, one for each kind of row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import IO, Any

from sqlalchemy.orm import Session

from core.interchange.spools import append, on_disk
from core.interchange.spreadsheets import CsvTable
from core.models import said
from core.queries.current_health import current_health
from core.queries.hidden_visits import NO_VISITS, VisitIds
from core.queries.reports import SignedReport
from core.queries.results import Result, results_at
from core.queries.visits import lines
from core.queries.whole_record import Group, groups
from core.staging import attachments
from core.staging.attachments import Attachment

VISITS = ("id", "started_at", "ended_at", "description", "reason", "clinic", "practitioner", "is_open")
RESULTS = (
    "visit_id", "observed_at", "code", "name", "value_number", "value_text", "unit", "ref_low", "ref_high",
    "interpretation", "status",
)  # fmt: skip
PERSON = ("name", "masked_national_id", "birth_on", "sex", "phone", "address", "language")
REPORTS = ("report", "signed_at", "signed_by", "section", "claim", "worded_by", "sources")
ROWS = {
    "prescription": (
        "visit_id", "medication", "dose", "frequency", "route", "instructions", "reason", "status", "started_on",
        "stopped_on",
    ),
    "condition": ("visit_id", "name", "code", "status", "onset_on", "resolved_on"),
    "allergy": ("substance", "code", "category", "reaction", "severity", "criticality", "status", "recorded_on"),
    "note": ("visit_id", "kind", "author", "written_at", "text"),
    # Beside its columns, a note has the names of its files in the ZIP.
    "statement": ("visit_id", "kind", "text", "detail", "stated_on"),
}  # fmt: skip
TABLES = {
    "patient": PERSON, "visits": VISITS, "results": RESULTS, "medicines": ROWS["prescription"],
    "conditions": ROWS["condition"], "allergies": ROWS["allergy"], "notes": (*ROWS["note"], "files"),
    "statements": ROWS["statement"], "reports": REPORTS,
}  # fmt: skip
Files = dict[str, Attachment]
FILES = {"prescription": "medicines", "condition": "conditions", "allergy": "allergies", "note": "notes",
         "statement": "statements"}  # fmt: skip


def write(
    session: Session,
    patient_id: int,
    file: IO[bytes],
    *,
    reports: Iterable[SignedReport],
    hidden_visits: VisitIds = NO_VISITS,
) -> None:
    """Write the whole record, without hidden visits, and these reports.

    Raises ColdUnavailable or StagingError: then all is void.
    """
    with ExitStack() as stack:
        tables = {name: CsvTable(on_disk(stack), columns) for name, columns in TABLES.items()}
        person = current_health(session, patient_id)
        tables["patient"].add(_named(person, PERSON))
        files: Files = {}
        for group in groups(session, patient_id, hidden_visits=hidden_visits):
            _add_group(session, group, tables, files)
        for report in reports:
            for line in report_lines(report):
                tables["reports"].add(line)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
            for name, table in tables.items():
                with pack.open(f"{name}.csv", "w", force_zip64=True) as member:
                    append(member, table.file)
            for name, attachment in files.items():
                pack.writestr(name, attachments.read(patient_id, attachment))


def write_results(results: Iterable[Result], file: IO[bytes]) -> None:
    """The values of one test, as one table."""
    table = CsvTable(file, RESULTS)
    for result in results:
        table.add(_named(result, RESULTS))


def write_report(report: SignedReport, file: IO[bytes]) -> None:
    """A signed report, a claim a line."""
    table = CsvTable(file, REPORTS)
    for line in report_lines(report):
        table.add(line)


def report_lines(report: SignedReport) -> Iterator[Sequence[Any]]:
    """The claims of a report as lines; each says who worded it."""
    for section, claims in report.sections:
        for claim in claims:
            worded = "a clinician" if claim.is_edited else f"software ({report.model or 'unknown'})"
            yield report.id, report.signed_at, report.signed_by, section, claim.text, worded, " ".join(claim.refs)


def _add_group(session: Session, group: Group, tables: Mapping[str, CsvTable], files: Files) -> None:
    for line in lines(session, group.visits):
        tables["visits"].add(_named(line, VISITS))
    for result in results_at(session, group.children.get("observation", ())):
        tables["results"].add(_named(result, RESULTS))
    for name, columns in ROWS.items():
        for item in group.children.get(name, ()):
            row = item.values
            cells = [said.dated(row[column], row["said"], column) for column in columns]
            tables[FILES[name]].add([*cells, " ".join(_files(row, files))] if name == "note" else cells)


def _files(row: Mapping[Any, Any], files: Files) -> Iterator[str]:
    """The names in the ZIP of a note's files, which are noted to be put there."""
    for number, one in enumerate(attachments.named_in(said.read(row["said"]).get("attachments")), 1):
        name = f"files/note-{row['id']}-{number}.{attachments.ENDINGS[one.media]}"
        files[name] = one
        yield name


def _named(thing: Any, columns: Sequence[str]) -> list[Any]:
    return [getattr(thing, column) for column in columns]
