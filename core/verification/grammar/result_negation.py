"""Negations in a frame about results: of a reading or a change, a value of nought, a range that is not given."""

from __future__ import annotations

from core.verification.grammar.chunk import Chunk, Quantity
from core.verification.grammar.composing import NOUGHT
from core.verification.grammar.result_scan import Scan

OF_NONE = frozenset({"none of", "neither of", "none", "neither"})


def neg(scan: Scan, place: int, item: Chunk) -> bool:
    following = scan.items[place + 1] if place + 1 < len(scan.items) else None
    if scan.negated:
        return False
    if _is_nought(scan, place):
        return scan.add("value", Quantity(0.0, None, 0.0))
    if following is not None and "range" in following.means and "read" not in following.means:
        return _no_range(scan, place)
    scan.negated = True
    if scan.context.written(item).lower() in OF_NONE:
        scan.add("all")
    return _negates(scan, place)


def _negates(scan: Scan, place: int) -> bool:
    of_name = "read of" in scan.frame.names[0].means and scan.frame.lead - 2 <= place < scan.frame.lead
    return of_name or any("read" in c.means or "trend" in c.means for c in scan.items[place + 1 : place + 4])


def _is_nought(scan: Scan, place: int) -> bool:
    """ "Pain nil", "no pain": a value, where a row has it."""
    norm = scan.context.words[scan.items[place].start].norm
    of_pain = norm == "no" and place == scan.frame.lead - 1 and scan.frame.names[0].get("assay") == "pain"
    return (of_pain or norm in NOUGHT) and any(row.value == 0 for row in scan.rows())


def _no_range(scan: Scan, place: int) -> bool:
    """ "No range given for either figure"."""
    for chunk in scan.items[place + 1 : place + 5]:
        chunk.used = chunk.used or bool(chunk.means.keys() & {"range", "all", "prep", "start"})
    return scan.add("all") and scan.add("read", "without a range")
