"""Changes of a medicine's amount: two rows of the same name, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from itertools import pairwise, permutations

from core.verification.cited import Cited
from core.verification.evaluators import details, doses, wording
from core.verification.grammar.chunk import Quantity
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved
from core.verification.statements import Changed


def changed(statement: Changed, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    mine = [rows[n] for n, _ in statement.subject.bearers if rows[n].type == "prescription" and rows[n].start]
    if statement.direction == "same":
        return _unchanged(statement, mine)
    for old, new in permutations(mine, 2):
        if _follows(old, new) and _is_change(statement, old, new) and within(statement.when, new.start):
            return Proved(new.ref, "started_on", wording.day(new.start))
    return NotInRows(f"The cited rows do not hold that change of {statement.subject.words}.")


def _unchanged(statement: Changed, mine: list[Cited]) -> Judged:
    """ "Same dose from May", "reissued without change": each one named goes on from the row before with its amounts."""
    by_name: dict[tuple[str, ...], list[Cited]] = {}
    for row in sorted(mine, key=lambda row: row.start or date.min):
        by_name.setdefault(row.names, []).append(row)
    newer = [_went_on(statement, several) for several in by_name.values()]
    if not newer or None in newer or not all(map(partial(_has_said, statement), mine)):
        return NotInRows(f"The cited rows do not hold {statement.subject.words} at the same dose.")
    last = mine[-1] if newer[-1] is None else newer[-1]
    return Proved(last.ref, "started_on", wording.day(last.start))


def _went_on(statement: Changed, several: list[Cited]) -> Cited | None:
    """The row by which a medicine went on when that is said, each of its rows at one dose behind the one before."""
    doses = {str(row.fields.get("dose") or "") for row in several}
    if len(doses) > 1 or not all(_follows(old, new) for old, new in pairwise(several)):
        return None
    return next((row for row in several[1:] if within(statement.when, row.start)), None)


def _has_said(statement: Changed, row: Cited) -> bool:
    """Whether a row has each amount that is said."""
    said = [quantity for quantity in (statement.before, statement.after) if quantity is not None]
    return all(doses.has_amount(quantity, statement.subject, row) for quantity in said)


def _follows(old: Cited, new: Cited) -> bool:
    if old.start is None or new.start is None:
        return False
    return old.start < new.start and (old.stop is None or old.stop <= new.start)


def _is_change(statement: Changed, old: Cited, new: Cited) -> bool:
    if statement.frequencies:
        return _is_oftener(statement, old, new)
    if statement.after is None:
        return False
    if not doses.has_amount(statement.after, statement.subject, new):
        return False
    if statement.before is not None and not doses.has_amount(statement.before, statement.subject, old):
        return False
    first, second = statement.before or _amount(old), statement.after
    if first is None:
        return False
    size = [q.value * (q.unit.size if q.unit else 1.0) for q in (first, second)]
    return {
        "changed": size[0] != size[1],
        "up": size[1] > size[0],
        "down": size[1] < size[0],
        "doubled": abs(size[1] - 2 * size[0]) < 1e-9,
        "halved": abs(2 * size[1] - size[0]) < 1e-9,
    }.get(statement.direction, False)


def _is_oftener(statement: Changed, old: Cited, new: Cited) -> bool:
    """From one frequency to another; how often a day tells whether that is up or down."""
    before, after = statement.frequencies
    if before not in details.frequencies(old) or after not in details.frequencies(new):
        return False
    daily = [part.split("/")[0] for part in (before, after) if part.partition("/")[2].startswith("d")]
    if len(daily) < 2 or not all(part.isdigit() for part in daily):
        return statement.direction == "changed"
    rises = int(daily[0]) < int(daily[1])
    return {"up": rises, "doubled": 2 * int(daily[0]) == int(daily[1]), "changed": True}.get(
        statement.direction, not rises
    )


def _amount(row: Cited) -> Quantity | None:
    found = [amount for amount in row.name.amounts if amount.unit]
    return Quantity(found[0].value, found[0].unit, 0.0) if found else None
