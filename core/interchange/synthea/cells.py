"""Cells of Synthea's CSV tables that say more than one thing: days and instants, names, severities, what is absent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from core.interchange import suspicion
from core.interchange.absence import in_words
from core.interchange.joined_names import joined
from core.interchange.source_rows import Record
from core.interchange.source_values import BadValue, display_name, instant, required, text
from core.interchange.summary import Place
from core.models import StatementKind, said
from core.stores.page_zone import page_zone

Cells = Mapping[str, str]

SEVERITIES = ("mild", "moderate", "severe")
_DAY_ALONE = re.compile(r"\d{4}-\d\d-\d\d")
_NOON = time(12, tzinfo=UTC)


class Moments:
    """Reads a row's instants; a day without a time stands at noon, UTC, and is remembered as a day by its column."""

    def __init__(self) -> None:
        self._days: dict[str, str] = {}

    def read(self, raw: str, name: str, column: str) -> datetime:
        """An instant. Raises BadValue."""
        at = instant(raw, name)
        if _DAY_ALONE.fullmatch(raw.strip()) is None:
            return at
        self._days[column] = said.DAY
        return datetime.combine(at.date(), _NOON)

    def said(self) -> dict[str, str | None]:
        """The column `said`, if it has something to say."""
        return {"said": said.write({"dates": self._days})} if self._days else {}


def day_here(raw: str, name: str) -> date:
    """The day of an instant in the zone of the pages; a day without a time is that day."""
    at = instant(raw, name)
    return at.date() if _DAY_ALONE.fullmatch(raw.strip()) else at.astimezone(page_zone()).date()


def person_name(cells: Cells) -> str:
    """First, middle and last name and suffix, in the order in which a person's people write them. Raises BadValue."""
    if not (cells["FIRST"] or cells["LAST"]):
        raise BadValue("FIRST and LAST is empty")
    given = [name for name in (cells["FIRST"], cells.get("MIDDLE")) if name]
    suffix = [name for name in (cells.get("SUFFIX"),) if name]
    return required(display_name(joined(given, cells["LAST"], suffix)), 200, "FIRST and LAST")


def worst_severity(cells: Cells) -> str | None:
    """The worst severity of an allergy's reactions; a word that we don't know counts if it is the only one."""
    told = [words.lower() for name in ("SEVERITY1", "SEVERITY2") if (words := text(cells.get(name), 64, name))]
    known = [words for words in told if words in SEVERITIES]
    return max(known, key=SEVERITIES.index) if known else told[0] if told else None


def absent(cells: Cells, place: Place, patient: str, visit: str | None, day: date) -> Record | None:
    """The statement of a row that says that something is not there, or only suspected: "No known allergy"."""
    words = required(cells["DESCRIPTION"], 400, "DESCRIPTION")
    if in_words(words):
        kind = StatementKind.NEGATION.value
    elif suspicion.in_words(words):
        kind = StatementKind.SUSPECTED.value
    else:
        return None
    values = {"kind": kind, "text": words, "detail": None, "stated_on": day}
    return Record("statement", place, (kind, words), values, patient=patient, visit=visit)
