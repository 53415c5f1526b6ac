"""When "up" and "down" say how results read, not where they went: "systolic up", "ALT persistently up"."""

from __future__ import annotations

import itertools

from core.verification.grammar.chunk import Chunk
from core.verification.grammar.result_scan import Atom, Scan

ORIGINS = frozenset({"from", "to"})
PERSISTENTLY = frozenset({"persistently", "always", "repeatedly", "invariably"})
READ_AS = {"up": "high", "down": "low"}


def settle(scan: Scan) -> None:
    """ "Systolic up, diastolic normal": of one result "up" is how it reads."""
    said = [c.means["trend"] for c in scan.frame.items if _is_bare(c, scan)]
    if len(said) == 1 and scan.turns == said and (_is_still(scan) or _is_persistently(scan)):
        at = next(n for n, atom in enumerate(scan.atoms) if atom.role == "turn")
        scan.atoms[at - 1 : at + 1] = [Atom("read", READ_AS[said[0]], scan.degree)]
        scan.trend, scan.turns, scan.degree = None, [], None


def _is_still(scan: Scan) -> bool:
    """Whether one result is cited, and no change of it is told."""
    moved = any(atom.role == "break" and atom.said in ORIGINS for atom in scan.atoms)
    return len({row.start for row in scan.rows()}) == 1 and not (moved or scan.delta or scan.length)


def _is_persistently(scan: Scan) -> bool:
    """ "Persistently up", "always down": beyond the range each time, not going up."""
    pairs = itertools.pairwise(scan.frame.items)
    led = any(_is_bare(up, scan) and scan.context.words[all_.end - 1].norm in PERSISTENTLY for all_, up in pairs)
    return led and not (scan.delta or scan.length)


def _is_bare(chunk: Chunk, scan: Scan) -> bool:
    single = chunk.means.get("trend") in READ_AS and chunk.end - chunk.start == 1
    return single and scan.context.words[chunk.start].norm in ("up", "down")
