"""What a source takes back: the rows that came from a resource end, wherever they can be reached."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.interchange import ledger
from core.interchange.ledger import RETRACTED, Entry
from core.interchange.source_rows import Population, Record, Retraction, short_key
from core.interchange.summary import Place, Summary
from core.interchange.upsert import end

PARTS_MAX, OWN = 40, -1
ARCHIVED = (
    "it was taken back ({}), but its row is still shown: it is an archived visit, one kept apart, or can't be reached"
)
STILL_SHOWN = "; the version that came before is still shown"
PATIENT = "it was taken back ({}), but an import takes no person away: erase the record by hand"


@dataclass(frozen=True, slots=True)
class _Known:
    """The entries of a resource's rows, the whole and its parts."""

    retraction: Retraction
    entries: list[Entry]


def retract(session: Session, population: Population, summary: Summary) -> None:
    """End the rows of the resources that their source takes back; the rest is refused or unchanged, with its reason."""
    still_shown = set()
    for known in _find(session, population.source, population.retractions):
        if known.retraction.ends:
            _retract(session, known, summary)
        elif any(entry.content_hash != RETRACTED for entry in known.entries):
            still_shown.add(known.retraction.place)
    summary.add_to_refusals(still_shown, STILL_SHOWN)


def _find(session: Session, source: str, retractions: Collection[Retraction]) -> list[_Known]:
    found = ledger.find(session, {key for retraction in retractions for key in _keys(retraction)[:2]})
    # Parts are numbered without gaps: where there is a first, there may be others.
    several = [retraction for retraction in retractions if any(key in found for key in _keys(retraction)[1:2])]
    found |= ledger.find(session, {key for retraction in several for key in _keys(retraction)[2:]})
    return [_Known(retraction, _entries(found, source, retraction)) for retraction in retractions]


def _entries(found: Mapping[str, Mapping[str, Entry]], source: str, retraction: Retraction) -> list[Entry]:
    return [found[key][source] for key in _keys(retraction) if source in found.get(key, {})]


def _keys(retraction: Retraction) -> list[str]:
    if retraction.kind == "patient":
        return [ledger.patient_key(retraction.source_id)]
    parts = range(PARTS_MAX) if retraction.kind == "observation" else ()
    return [short_key(retraction.id_key), *(short_key(f"{retraction.id_key}#{part}") for part in parts)]


def _retract(session: Session, known: _Known, summary: Summary) -> None:
    asked = known.retraction
    shown = [entry for entry in known.entries if entry.content_hash != RETRACTED]
    if shown and asked.kind == "patient":
        summary.refuse(asked.kind, asked.place, PATIENT.format(asked.reason))
    elif shown:
        _end_all(session, asked, shown, summary)
    elif asked.is_read and known.entries:
        summary.of(asked.kind).unchanged += 1
    elif asked.is_read:
        summary.refuse(asked.kind, asked.place, asked.reason)


def _end_all(session: Session, asked: Retraction, shown: list[Entry], summary: Summary) -> None:
    ended = sum(_end(session, entry) for entry in shown)
    summary.ended += ended
    if ended < len(shown):
        summary.refuse(asked.kind, asked.place, ARCHIVED.format(asked.reason))
    elif asked.is_read:
        summary.of(asked.kind).updated += 1


def end_missing_parts(session: Session, source: str, records: Iterable[Record], summary: Summary) -> None:
    """End the values that an earlier version of an Observation had and this one has no longer."""
    parts, place_of = _parts(records)
    stems = {key: stem for stem, there in parts.items() for key in _missing(stem, there)[0]}
    found = ledger.find(session, stems)
    more = {key: stems[one] for one in found for key in _missing(stems[one], parts[stems[one]])[1]}
    for key, entries in (found | ledger.find(session, more)).items():
        entry = entries.get(source)
        if entry is None or entry.content_hash == RETRACTED:
            continue
        if _end(session, entry):
            summary.ended += 1
        else:
            place = place_of[(stems | more)[key]]
            summary.refuse("observation", place, ARCHIVED.format("the newer version has it no longer"))


def _parts(records: Iterable[Record]) -> tuple[dict[str, set[int]], dict[str, Place]]:
    """By Observation: which parts it has in these records, and where it stands."""
    parts: dict[str, set[int]] = {}
    place_of: dict[str, Place] = {}
    for record in records:
        if record.id_key is not None:
            stem, _, part = record.id_key.partition("#")
            parts.setdefault(stem, set()).add(int(part) if part else OWN)
            place_of[stem] = record.place
    return parts, place_of


def _missing(stem: str, there: set[int]) -> tuple[list[str], list[str]]:
    """The keys of the parts that a version lacks: gaps, the next one and the whole; then those that may follow."""
    after = max(there) + 1
    firsts = [part for part in range(after) if part not in there] + [part for part in (after,) if part < PARTS_MAX]
    keys = [short_key(f"{stem}#{part}") for part in firsts]
    if OWN not in there:
        keys.append(short_key(stem))
    return keys, [short_key(f"{stem}#{part}") for part in range(after + 1, PARTS_MAX)]


def _end(session: Session, entry: Entry) -> bool:
    if not end(session, entry):
        return False
    ledger.change(session, entry, RETRACTED)
    return True
