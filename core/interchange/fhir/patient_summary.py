"""A record as an International Patient Summary: a FHIR document, written as it is read, in little memory."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime
from html import escape
from typing import IO, NamedTuple

from sqlalchemy.orm import Session

from core.interchange.fhir import exported_reports, summary_sections
from core.interchange.fhir.code_names import LOINC
from core.interchange.fhir.exported_bundle import LEFT_OUT, RESTRICTED
from core.interchange.fhir.exported_entries import Entries, Names
from core.interchange.fhir.exported_resources import Resource, Row, bare, concept, moment
from core.interchange.fhir.summary_sections import SECTIONS, Section, section_of
from core.interchange.fhir.summary_words import words
from core.interchange.spools import append, on_disk
from core.models import utc_now
from core.queries.hidden_visits import NO_VISITS, VisitIds
from core.queries.reports import SignedReport

TITLE = "Patient summary"
WORDS_MAX = 100
SOFTWARE = {"resourceType": "Device", "deviceName": [{"name": "Strata", "type": "user-friendly-name"}]}


def write(
    session: Session,
    patient_id: int,
    file: IO[bytes],
    *,
    reports: Iterable[SignedReport],
    hidden_visits: VisitIds = NO_VISITS,
    with_reasons: bool = True,
) -> None:
    """Write the whole record, without hidden visits, and these reports. Raises ColdUnavailable: then all is void."""
    entries, reports = Entries(session, patient_id, with_reasons=with_reasons), tuple(reports)
    cited = {ref for report in reports for claim in report.claims for ref in claim.refs}
    present: set[str] = set()
    with ExitStack() as stack:
        body = _Body(entries.names, stack)
        body.add(entries.patient())
        body.add(entries.names.entry("device", "software", SOFTWARE))
        for table, row, entry in entries.whole(hidden_visits):
            body.add_row(table, row, entry)
            present |= {f"{table}:{row['id']}"} & cited
        for report in reports:
            for entry in exported_reports.entries(report, entries.names, present, as_document=True):
                body.add_once(entry)
            body.stand(summary_sections.REPORTS, entries.names.url("report", report.id), exported_reports.TITLE)
        body.finish()
        about = [label for label, holds in ((LEFT_OUT, hidden_visits), (RESTRICTED, entries.are_for_few)) if holds]
        _document(file, entries.names, body, about)


class _Habit(NamedTuple):
    """When it was told, its row, its entry, and its words."""

    at: datetime
    id: int
    url: str
    words: str


class _Body:
    """The entries on disk, and for each section the references to its own, with the words of the first."""

    def __init__(self, names: Names, stack: ExitStack) -> None:
        self.names = names
        self.entries = on_disk(stack)
        self.references = {section: on_disk(stack) for section in SECTIONS}
        self.words: dict[Section, list[str]] = {section: [] for section in SECTIONS}
        self.counts: dict[Section, int] = dict.fromkeys(SECTIONS, 0)
        self._once: set[str] = set()
        self._habits: dict[str, _Habit] = {}

    def add(self, entry: Resource) -> None:
        self.entries.write(b"," + _json(entry))

    def add_once(self, entry: Resource) -> None:
        """An entry that others may have added before."""
        if entry["fullUrl"] not in self._once:
            self._once.add(entry["fullUrl"])
            self.add(entry)

    def add_row(self, table: str, row: Row, entry: Resource) -> None:
        section = section_of(table, row, entry["resource"])
        self.add(entry if section is None else summary_sections.completed(section, entry))
        if section is not None:
            self._place(section, row, entry, words(table, row, entry["resource"]))

    def _place(self, section: Section, row: Row, entry: Resource, told: str) -> None:
        """In its section; where that takes one of a kind, the newest, older ones among the results."""
        kind = summary_sections.habit(section, entry["resource"])
        if kind is None:
            self.stand(section, entry["fullUrl"], told)
            return
        mine = _Habit(row["observed_at"], row["id"], entry["fullUrl"], told)
        before = self._habits.get(kind)
        self._habits[kind] = mine if before is None else max(before, mine)
        if before is not None:
            older = min(before, mine)
            self.stand(summary_sections.RESULTS, older.url, older.words)

    def stand(self, section: Section, url: str, words: str) -> None:
        """Refer to an entry from a section."""
        if self.counts[section]:
            self.references[section].write(b",")
        self.references[section].write(_json({"reference": url}))
        self.counts[section] += 1
        if len(self.words[section]) < WORDS_MAX:
            self.words[section].append(words)

    def finish(self) -> None:
        """The newest of each habit has its place; what may not be missing is said to be unknown."""
        for habit in self._habits.values():
            self.stand(summary_sections.SOCIAL, habit.url, habit.words)
        for section in SECTIONS:
            if section.empty and not self.counts[section]:
                subject = self.names.reference("patient", self.names.patient_id)
                entry = self.names.entry("nothing", section.key, summary_sections.nothing_known(section, subject))
                self.add(entry)
                self.stand(section, entry["fullUrl"], section.empty)


def _document(file: IO[bytes], names: Names, body: _Body, about: list[Resource]) -> None:
    """The document: its first entry is the Composition, which refers to all others. `about` are its own labels."""
    now = moment(utc_now())
    head = {
        "resourceType": "Bundle",
        "meta": {"security": about} if about else None,
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid.uuid4()}"},
        "type": "document",
        "timestamp": now,
    }
    file.write(_open(head, "entry"))
    name = names.id("composition", "summary")
    file.write(f'{{"fullUrl": "urn:uuid:{name}", "resource": '.encode())
    file.write(_open(_composition(name, names, now), "section"))
    shown = [section for section in SECTIONS if body.counts[section]]
    for place, section in enumerate(shown):
        file.write((b"," if place else b"") + _open(_section(section, body), "entry"))
        append(file, body.references[section])
        file.write(b"]}")
    file.write(b"]}}")
    append(file, body.entries)
    file.write(b"]}\n")


def _open(resource: Resource, last: str) -> bytes:
    """A resource as JSON, left open in the list that is its last member."""
    return _json(bare(resource))[:-1] + f', "{last}": ['.encode()


def _json(resource: Resource) -> bytes:
    return json.dumps(resource, ensure_ascii=False).encode()


def _composition(name: str, names: Names, now: str | None) -> Resource:
    return {
        "resourceType": "Composition",
        "id": name,
        "status": "final",
        "type": concept("Patient summary Document", LOINC, "60591-5"),
        "subject": names.reference("patient", names.patient_id),
        "date": now,
        "author": [names.reference("device", "software", "Strata")],
        "title": TITLE,
    }


def _section(section: Section, body: _Body) -> Resource:
    more = body.counts[section] - len(body.words[section])
    lines = [*body.words[section], *([f"and {more} more"] if more else [])]
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return {
        "title": section.title,
        "code": concept(section.title, LOINC, section.code),
        "text": exported_reports.narrative(f"<ul>{listed}</ul>"),
    }
