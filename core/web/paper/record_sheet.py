"""A whole record on paper: what holds now, then all visits, what belongs to none, and the signed reports."""

from __future__ import annotations

import gc
import itertools
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import IO

from sqlalchemy.orm import Session

from core.queries import other_records, results, visits, whole_record
from core.queries.current_health import CurrentHealth, current_health
from core.queries.hidden_visits import NO_VISITS, VisitIds
from core.queries.reports import SignedReport
from core.queries.results import Result
from core.queries.visits import ConditionLine, NoteText, PrescriptionLine, VisitDetail, line_of
from core.queries.whole_record import Group
from core.web.filters import Formats
from core.web.paper import in_words
from core.web.paper.report_sheet import add_report
from core.web.paper.sheet import Letterhead, Sheet

RESULT_COLUMNS = (("Test", 76.0), ("Result", 44.0), ("Usual range", 34.0), ("", 26.0))
MEDICINE_COLUMNS = (("Medicine", 66.0), ("How", 64.0), ("When", 50.0))
TITLE, PART = "Health record", "health-record-{}.pdf"
Add = Callable[[Sheet], None]
KEPT_APART = "Visits that are kept apart from whoever printed this are not in it."


def record(
    session: Session,
    patient_id: int,
    head: Letterhead,
    formats: Formats,
    *,
    reports: Iterable[SignedReport],
    hidden_visits: VisitIds = NO_VISITS,
) -> Iterator[Sheet]:
    """The whole record, without hidden visits, and these reports: one document, or of a long record several in turn.

    Save each before asking for the next. Raises ColdUnavailable.
    """

    def begin(sheet: Sheet) -> None:
        if hidden_visits:
            sheet.paragraph(KEPT_APART)
        _add_today(session, patient_id, sheet, formats, hidden_visits)

    pieces = _pieces(session, patient_id, formats, reports, hidden_visits)
    return documents(TITLE, head, itertools.chain([begin], pieces))


def documents(title: str, head: Letterhead, pieces: Iterable[Add]) -> Iterator[Sheet]:
    """These pieces in one document, or in as many as have the room. Save each before asking for the next."""
    sheet, part = Sheet(title, head), 1
    sheet.heading(title, 1)
    for add in pieces:
        if sheet.is_full:
            yield sheet
            part += 1
            # Before the next one reads its typefaces. The library's documents hold themselves in circles, for which
            # Python may look only after several of them.
            del sheet
            gc.collect()
            sheet = Sheet(f"{title}, part {part}", head)
            sheet.heading(f"{title}, part {part}", 1)
        add(sheet)
    yield sheet


def save(sheets: Iterable[Sheet], file: IO[bytes]) -> str:
    """Write them as one PDF, or several as a ZIP of PDFs: gives `pdf` or `zip`. No more than one is in memory."""
    parts = iter(sheets)
    with tempfile.TemporaryFile() as first:
        next(parts).save(first)
        first.seek(0)
        second = next(parts, None)
        if second is None:
            shutil.copyfileobj(first, file)
            return "pdf"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as pack:
            with pack.open(PART.format(1), "w") as entry:
                shutil.copyfileobj(first, entry)
            for number, sheet in enumerate(itertools.chain([second], parts), 2):
                with pack.open(PART.format(number), "w") as entry:
                    sheet.save(entry)
    return "zip"


def _pieces(
    session: Session, patient_id: int, formats: Formats, reports: Iterable[SignedReport], hidden_visits: VisitIds
) -> Iterator[Add]:
    """What follows today's state, in pieces between which a document may end."""
    yield lambda sheet: sheet.heading("Visits, newest first")
    is_titled = False
    for group in whole_record.groups(session, patient_id, hidden_visits=hidden_visits):
        for detail in visits.details(session, group.visits, group.children) if group.visits else ():
            yield partial(_add_visit, detail=detail, formats=formats)
        if group.visits:
            continue
        if not is_titled and not set(group.children) <= set(whole_record.KEPT_HOT):
            yield lambda sheet: sheet.heading("Written down at no visit")
            is_titled = True
        yield partial(_add_outside, session=session, group=group, formats=formats)
    for signed in reports:
        yield partial(_add_signed, signed=signed, formats=formats)


def _add_signed(sheet: Sheet, *, signed: SignedReport, formats: Formats) -> None:
    sheet.heading(f"Health report of {formats.day(signed.signed_at)}")
    add_report(sheet, signed, formats)


def _add_today(session: Session, patient_id: int, sheet: Sheet, formats: Formats, hidden_visits: VisitIds) -> None:
    now = current_health(session, patient_id, hidden_visits=hidden_visits)
    if now is not None:
        _add_now(sheet, now, formats)
    _add_stated(sheet, other_records.other_records(session, patient_id, hidden_visits=hidden_visits), formats)


def _add_now(sheet: Sheet, now: CurrentHealth, formats: Formats) -> None:
    sheet.facts(
        [("Sex", now.sex.capitalize()), ("Phone", now.phone), ("Address", now.address), ("Language", now.language)]
    )
    sheet.heading("Allergies")
    for allergy in now.allergies:
        doubt = " (not confirmed)" if allergy.is_unconfirmed else ""
        told = (allergy.reaction, allergy.severity, allergy.status, allergy.remark)
        sheet.across([(f"{allergy.substance}{doubt}", 76.0), (", ".join(filter(None, told)), 104.0)])
    if not now.allergies:
        sheet.paragraph("No allergies are written down.")
    sheet.heading("Medicines now")
    sheet.grid(
        MEDICINE_COLUMNS,
        (
            (
                line.medication,
                ", ".join(filter(None, (line.dose, line.frequency, line.instructions, line.remark))),
                f"since {formats.day(line.started_on)}" if line.started_on else "",
            )
            for line in now.medicines
        ),
    )
    sheet.heading("Problems now")
    for problem in now.conditions:
        name = ", ".join(filter(None, (problem.name, problem.remark)))
        sheet.across([(name, 120.0), (formats.day(problem.onset_on) or problem.onset or "", 60.0)])
    if not now.conditions:
        sheet.paragraph("No problems are written down.")


def _add_stated(sheet: Sheet, stated: Iterable[other_records.OtherLine], formats: Formats) -> None:
    lines = tuple(stated)
    if lines:
        sheet.heading("Also in the record")
    for line in lines:
        sheet.across([(line.kind, 46.0), (", ".join(filter(None, (line.text, line.detail))), 104.0),
                      (formats.day(line.from_on), 30.0)])  # fmt: skip


def _add_visit(sheet: Sheet, *, detail: VisitDetail, formats: Formats) -> None:
    visit = detail.visit
    sheet.heading(f"{formats.day(visit.started_at)}: {visit.description}", 3)
    sheet.facts([("Seen by", visit.practitioner), ("Where", visit.clinic), ("Reason", visit.reason)])
    _add_rows(sheet, detail.conditions, detail.prescriptions, detail.results, formats)
    for note in detail.notes:
        _add_note(sheet, note, formats)


def _add_outside(sheet: Sheet, *, session: Session, group: Group, formats: Formats) -> None:
    """Rows that belong to no visit; allergies and statements stand at the beginning."""
    rows = {name: [item.values for item in found] for name, found in group.children.items()}
    _add_rows(
        sheet,
        [line_of(ConditionLine, row) for row in rows.get("condition", ())],
        [line_of(PrescriptionLine, row) for row in rows.get("prescription", ())],
        results.results_at(session, group.children.get("observation", ())),
        formats,
        dated=True,
    )
    for row in rows.get("note", ()):
        _add_note(sheet, line_of(NoteText, row), formats)


def _add_rows(
    sheet: Sheet,
    conditions: Iterable[ConditionLine],
    medicines: Iterable[PrescriptionLine],
    found: Iterable[Result],
    formats: Formats,
    *,
    dated: bool = False,
) -> None:
    for line in conditions:
        days = " to ".join(filter(None, (formats.day(line.onset_on), formats.day(line.resolved_on))))
        name = ", ".join(filter(None, (line.name, line.remark)))
        sheet.across([("Found", 20.0), (name, 110.0), (f"{line.status} {days}", 50.0)])
    ordered = [in_words.medicine(line, formats) for line in medicines]
    if ordered:
        sheet.grid(MEDICINE_COLUMNS, ordered)
    measured = [_result(result, formats, dated) for result in found]
    if measured:
        sheet.grid(RESULT_COLUMNS, measured)


def _result(result: Result, formats: Formats, dated: bool) -> tuple[str, str, str, str]:
    day = f" ({formats.day(result.observed_at)})" if dated else ""
    return f"{result.name}{day}", in_words.value(result), in_words.usual_range(result), in_words.place(result)


def _add_note(sheet: Sheet, note: NoteText, formats: Formats) -> None:
    by = ", ".join(filter(None, (note.author, formats.day(note.written_at), note.remark)))
    sheet.heading(f"{note.kind}", 3)
    sheet.paragraph(by, quiet=True)
    sheet.paragraph(note.text)
    if note.attachments:
        titles = "; ".join(f"{one.title} ({one.media})" for one in note.attachments)
        sheet.paragraph(f"Files of this note, which the spreadsheet and FHIR downloads hold: {titles}")
