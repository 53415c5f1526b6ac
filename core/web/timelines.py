"""A timeline's addresses: kind, test, year and month are in them, and a link changes one and keeps the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import abort, request, url_for

from core.queries.periods import Period
from core.queries.timeline_items import Kind

UNDATED = "undated"


@dataclass(frozen=True)
class Chosen:
    """What the address asks for."""

    kind: Kind
    assay_id: int | None
    period: Period | None
    # Whether the page that asks for this period has told already which archive is silent.
    is_told: bool = False


def chosen() -> Chosen:
    """From the page's address; 400 if it makes no sense."""
    kind = request.args.get("kind", Kind.ALL)
    if kind not in set(Kind):
        abort(400)
    year, month = _number("year", 1900, 2200), _number("month", 1, 12)
    period = Period(year, month) if year is not None else None
    if request.args.get("year") == UNDATED:
        period = Period(None)
    return Chosen(Kind(kind), _number("test", 1, 2**63 - 1), period, is_told="told" in request.args)


def addresses(endpoint: str, at: Chosen, period: Period, **fixed: Any) -> Callable[..., str]:
    """A function that makes the address of the same page with something else chosen; None takes a choice away."""
    now = {
        "kind": at.kind if at.kind is not Kind.ALL else None,
        "test": at.assay_id,
        "year": period.year if period.year is not None else UNDATED,
        "month": period.month,
    }

    def address(**changes: Any) -> str:
        return url_for(endpoint, **fixed, **{**now, **changes})

    return address


def _number(name: str, low: int, high: int) -> int | None:
    raw = request.args.get(name)
    if raw is None or (name == "year" and raw == UNDATED):
        return None
    if not (raw.isascii() and raw.isdigit() and len(raw) < 20 and low <= int(raw) <= high):
        abort(400)
    return int(raw)
