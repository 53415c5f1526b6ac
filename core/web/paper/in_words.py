"""How papers word results, medicines and dates: as the pages do."""

from __future__ import annotations

from core.queries.letterhead import Letterhead as Holder
from core.queries.results import Result
from core.queries.visits import PrescriptionLine
from core.web.drawings.number_lines import position
from core.web.filters import Formats, number, unit, usual
from core.web.paper.sheet import Letterhead

PLACES = {"below": "below range", "above": "above range", "within": "in range", "": ""}
FLAGS = {"L": "low", "LL": "critically low", "H": "high", "HH": "critically high", "A": "not usual", "AA": "not usual"}


def letterhead(holder: Holder, formats: Formats, printed: str) -> Letterhead:
    """The head of each page."""
    return Letterhead(holder.name, formats.day(holder.birth_on), holder.masked_national_id, holder.clinic, printed)


def value(result: Result) -> str:
    """A result's value with its unit; what is not final says so."""
    told = number(result.value_number) if result.value_number is not None else result.value_text or "No value"
    status = f"({result.status})" if result.status else ""
    return " ".join(filter(None, (told, unit(result.unit) if told != "No value" else "", status)))


def usual_range(result: Result) -> str:
    """The range that held."""
    return usual(result.ref_low, result.ref_high)


def place(result: Result) -> str:
    """Where the value lies against the range that held."""
    if result.value_number is not None and result.has_range:
        return PLACES[position(result.value_number, result.ref_low, result.ref_high)]
    return FLAGS.get(result.interpretation or "", "")


def medicine(line: PrescriptionLine, formats: Formats) -> tuple[str, str, str]:
    """A medicine, how it is taken, and when."""
    how = ", ".join(filter(None, (line.dose, line.frequency, line.instructions, line.remark)))
    ended = f" to {formats.day(line.stopped_on)}" if line.stopped_on else ""
    return line.medication, how, f"{line.status}, from {formats.day(line.started_on) or 'an unknown day'}{ended}"
