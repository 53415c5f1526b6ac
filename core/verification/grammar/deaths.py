"""A death: on which day, of what, and by which rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.cited import Cited
from core.verification.dates import Days
from core.verification.grammar import names
from core.verification.grammar.chunk import MARK, WHEN, Chunk
from core.verification.statements import Died, Subject

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

BETWEEN = frozenset({"prep", "free", "sex", "aged"})
REACH = 6


def read(segment: list[Chunk], place: int, context: Context) -> None:
    """State a death, where a cited row records one."""
    chunk, found = segment[place], bearers(context.rows)
    if not found:
        return
    chunk.used = True
    when, reason = _circumstances(segment[place + 1 : place + REACH], context)
    reason = reason or _cause_before(segment, place, context)
    for used in filter(None, (when, reason)):
        used.used = True
    because = Subject(context.written(reason), "reason", reason.bearers) if reason else None
    subject = Subject(context.written(chunk), "death", found)
    context.statements.append(Died(context.span([chunk]), subject, when.days if when else (), because))


def bearers(rows: list[Cited]) -> tuple[tuple[int, int], ...]:
    """The rows that record a death: that of the patient, a certificate, a cause."""
    return tuple((n, 0) for n, row in enumerate(rows) if _records(row))


def _records(row: Cited) -> bool:
    if row.type == "patient":
        return row.stop is not None or bool(row.fields.get("deceased"))
    return row.type in ("visit", "observation") and "death" in row.name.terms


def days(rows: list[Cited]) -> tuple[Days, ...]:
    """The day of death: as the row of the patient has it, else those of the rows that record it."""
    own = [row.stop for row in rows if row.type == "patient"]
    told = [rows[n].start for n, _ in bearers(rows) if rows[n].type != "patient"]
    return tuple(Days(day, day) for day in filter(None, own if any(own) else told))


def _circumstances(following: list[Chunk], context: Context) -> tuple[Chunk | None, Chunk | None]:
    """When one died, and of what."""
    when = reason = None
    for other in following:
        if other.kind == WHEN and when is None:
            when = other
        elif reason is None and _is_reason(other, context):
            reason = other
        elif other.kind != MARK and BETWEEN.isdisjoint(other.means):
            break
    return when, reason


def _cause_before(segment: list[Chunk], place: int, context: Context) -> Chunk | None:
    """ "With myocardial infarction as the cause of death"."""
    at = segment[place].start
    if "cause" not in [word.norm for word in context.words[max(0, at - 2) : at]]:
        return None
    named = next((c for c in reversed(segment[:place]) if c.name is not None), None)
    return named if named is not None and _is_reason(named, context) else None


def _is_reason(chunk: Chunk, context: Context) -> bool:
    """What a cause row answers, and what stands behind "of": that a condition is on the list makes it no cause."""
    if chunk.name is None:
        return False
    behind = chunk.start and context.words[chunk.start - 1].norm in ("of", "from")
    return bool(behind) or all(how == names.BY_REASON for _, how in chunk.bearers)
