"""What a source takes back: the rows that came from a resource end, wherever they can be reached."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.interchange import ledger
from core.interchange.ledger import RETRACTED, Entry
from core.interchange.source_rows import Population, Retraction, short_key
from core.interchange.summary import Summary
from core.interchange.upsert import end

PARTS_MAX = 40
ARCHIVED = (
    "it was taken back ({}), but its row is still shown: it is an archived visit, one kept apart, or can't be reached"
)
PATIENT = "it was taken back ({}), but an import takes no person away: erase the record by hand"


@dataclass(frozen=True, slots=True)
class _Known:
    """The entries of a resource's rows, the whole and its parts."""

    retraction: Retraction
    entries: list[Entry]


def retract(session: Session, population: Population, summary: Summary) -> None:
    """End the rows of the resources that their source takes back; the rest is refused or unchanged, with its reason."""
    for known in _find(session, population.source, population.retractions):
        _retract(session, known, summary)


def _find(session: Session, source: str, retractions: Collection[Retraction]) -> list[_Known]:
    keys = {key for retraction in retractions for key in _keys(retraction)}
    found = ledger.find(session, keys)
    known = []
    for retraction in retractions:
        entries = [found[key][source] for key in _keys(retraction) if source in found.get(key, {})]
        known.append(_Known(retraction, entries))
    return known


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


def _end(session: Session, entry: Entry) -> bool:
    if not end(session, entry):
        return False
    ledger.change(session, entry, RETRACTED)
    return True
