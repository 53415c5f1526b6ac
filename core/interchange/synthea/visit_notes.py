"""notes.ndjson: one visit note a line, with the ids of its encounter in the CSV and in FHIR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.interchange import json_lines
from core.interchange.csv_files import BadFile
from core.interchange.source_rows import Population, Record
from core.interchange.source_values import NOTE_CHARS_MAX, BadValue, identifier, instant, storable, text
from core.interchange.summary import Place, Summary

NAMES = ("notes.ndjson", "notes.ndjson.gz")
KIND_WITHOUT_NAME = "Clinical note"


def find(directory: Path) -> Path | None:
    """The notes that lie in a directory or its parent."""
    for folder in (directory, directory.resolve().parent):
        for name in NAMES:
            if (folder / name).is_file():
                return folder / name
    return None


def read(path: Path, population: Population, summary: Summary) -> None:
    """Add the notes of a file; a bad line is refused and the rest goes on."""
    try:
        for number, raw in json_lines.lines(path):
            place = Place(path.name, number)
            summary.of("note").read += 1
            try:
                population.add(_note(json_lines.parse(raw), place))
            except json_lines.BadJson as fault:
                summary.refuse("note", place, f"the line {fault}")
            except BadValue as fault:
                summary.refuse("note", place, str(fault))
    except BadFile as fault:
        summary.refuse("file", Place(path.name), str(fault))


def _note(document: Any, place: Place) -> Record:
    if not isinstance(document, dict):
        raise BadValue("the line is not a JSON object")
    kind = document.get("type")
    written_at = instant(document.get("date"), "date")
    document_id = identifier(document.get("document_id"), "document_id")
    values = {
        "kind": text(kind.get("display"), 120, "type") if isinstance(kind, dict) else None,
        "author": None,
        "text": note_text(document.get("text"), "text"),
        "written_at": written_at,
    }
    values["kind"] = values["kind"] or KIND_WITHOUT_NAME
    fhir_id, csv_id = document.get("fhir_encounter_id"), document.get("csv_encounter_id")
    return Record(
        "note",
        place,
        (document_id,),
        values,
        patient=identifier(document.get("patient_id"), "patient_id"),
        visit=identifier(csv_id, "csv_encounter_id") if csv_id else None,
        other_visit=identifier(fhir_id, "fhir_encounter_id") if fhir_id else None,
        visit_at=written_at,
        source_id=document_id,
    )


def note_text(raw: object, name: str) -> str:
    """A note's text, its blanks and line ends as written, bounded."""
    if not isinstance(raw, str) or not raw.strip():
        raise BadValue(f"{name} is empty")
    if len(raw) > NOTE_CHARS_MAX:
        raise BadValue(f"{name} has {len(raw):,} characters: at most {NOTE_CHARS_MAX:,} fit (NOTE_CHARS_MAX)")
    return storable(raw.strip("\n"), name)
