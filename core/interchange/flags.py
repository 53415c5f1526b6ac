"""How a value stands to its range when only a number that it lies beyond is known."""

from __future__ import annotations

from decimal import Decimal

from core.queries.reference_ranges import UsualRange, interpret


def flag_of(comparator: str | None, bound: Decimal, usual: UsualRange) -> str | None:
    """HL7's code for a value, or for all values on one side of a bound if they have a code in common."""
    if comparator is None:
        return interpret(bound, usual)
    if comparator.startswith(">"):
        return _above(bound, usual)
    return _below(bound, usual) if comparator.startswith("<") else None


def _above(bound: Decimal, usual: UsualRange) -> str | None:
    if usual.high is None or bound < usual.high:
        return None
    return "HH" if interpret(bound, usual) == "HH" else "H"


def _below(bound: Decimal, usual: UsualRange) -> str | None:
    if usual.low is None:
        return "N" if usual.high is not None and bound <= usual.high else None
    if bound > usual.low:
        return None
    return "LL" if interpret(bound, usual) == "LL" else "L"
