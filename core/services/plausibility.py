"""Whether a typed value can be true, and whether to ask about it before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.models import said
from core.queries.reference_ranges import UsualRange
from core.queries.visit_form import AssayChoice
from core.services.plausible_bounds import bounds_of

# A value this many times beyond a bound of its range, or away from the last one, is asked about.
FAR_FROM_RANGE, FAR_FROM_LAST = Decimal(3), Decimal(3)
# A value far from its range is no surprise if the last one was too and was within this factor of it.
NEAR_LAST = Decimal("1.5")


def impossible(assay: AssayChoice, value: Decimal) -> str | None:
    """What to say of a value that no living person has, with the bound; None if it can be true."""
    bounds = bounds_of(assay.code, assay.unit)
    if bounds is None or bounds.low <= value <= bounds.high:
        return None
    low, high, unit = _words(bounds.low), _words(bounds.high), f" {assay.unit}" if assay.unit else ""
    return (
        f"{_words(value)}{unit} can't be: enter a value from {low} to {high}. Check the unit and the decimal point."
        " These bounds are Strata's own, and no clinician has reviewed them yet."
    )


def marked(code: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The columns by which a result of another system is marked if no living person has its value, which stays.

    Such a value is neither high nor low.
    """
    value, bounds, kept = row["value_number"], bounds_of(code, row["unit"]), row.get("said")
    if value is None or bounds is None or bounds.low <= value <= bounds.high:
        return {"said": kept}
    return {"said": said.write({**said.read(kept), "implausible": True}), "interpretation": None}


def question(assay: AssayChoice, value: Decimal, last: Decimal | None) -> str | None:
    """What to ask before a surprising value is kept, such as `27 mg/dL? The last was 0.8.`; None for any other."""
    if not _surprises(value, assay.usual, last):
        return None
    unit = f" {assay.unit}" if assay.unit else ""
    before = f" The last was {_words(last)}." if last is not None else ""
    usual = assay.usual.words.removeprefix(" (").removesuffix(")") if assay.usual else ""
    usual = f" {usual.capitalize()}." if usual else ""
    return f"{_words(value)}{unit}?{before}{usual}"


def _surprises(value: Decimal, usual: UsualRange | None, last: Decimal | None) -> bool:
    if usual is not None and _is_far(value, usual):
        return last is None or not _is_far(last, usual) or _factor(value, last) > NEAR_LAST
    return last is not None and _factor(value, last) >= FAR_FROM_LAST and not _is_usual(value, usual)


def _factor(value: Decimal, last: Decimal) -> Decimal:
    """How many times the greater is the smaller; only values above zero can be compared like that."""
    if value == last:
        return Decimal(1)
    if min(value, last) <= 0:
        return NEAR_LAST if max(value, last) <= 0 else FAR_FROM_LAST
    return max(value, last) / min(value, last)


def _is_usual(value: Decimal, usual: UsualRange | None) -> bool:
    if usual is None or (usual.low is None and usual.high is None):
        return False
    return (usual.low is None or value >= usual.low) and (usual.high is None or value <= usual.high)


def _is_far(value: Decimal, usual: UsualRange) -> bool:
    """Beyond a critical bound, or several times beyond the usual one."""
    least = usual.critical_low if usual.critical_low is not None else usual.low and usual.low / FAR_FROM_RANGE
    most = usual.critical_high if usual.critical_high is not None else usual.high and usual.high * FAR_FROM_RANGE
    return (least is not None and value < least) or (most is not None and value > most)


def _words(value: Decimal) -> str:
    return f"{value.normalize():f}"
