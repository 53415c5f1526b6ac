"""How a result reads, by its row's own range or mark."""

from __future__ import annotations

from collections.abc import Callable

from core.verification.cited import Cited

SLIGHT_MAX = 0.12
# What lies so far beyond its limit is not slightly so, whoever says it; between the two it is a judgement.
GROSS_MIN = 0.5
OBESE_MIN = 30.0
BORDER = 0.05
OF_FUNCTION = frozenset({"creatinine", "egfr", "urea", "lvef", "fev1/fvc", "fev1"})
MARKED_MIN = 0.10
CRITICAL = frozenset({"HH", "LL", "AA"})
MARKS = {"H": "high", "HH": "high", "L": "low", "LL": "low", "N": "normal", "A": "abnormal", "AA": "abnormal"}
ENDS = {"low normal": "low", "high normal": "high"}
WORDED = {"high": "above its range", "low": "below its range", "normal": "within its range"}


def reading(row: Cited) -> str | None:
    """high, low, normal or abnormal; None if the row has neither a range nor a mark."""
    if row.value is None:
        return None
    if row.low is None and row.high is None:
        return MARKS.get(row.mark)
    if row.high is not None and row.value > row.high:
        return "high"
    if row.low is not None and row.value < row.low:
        return "low"
    return "abnormal" if row.mark in ("A", "AA") else "normal"


def reads(row: Cited, said: str, degree: str | None = None) -> bool | None:
    """Whether a row reads as said; None where it has no range and no mark, or the word is a matter of judgement."""
    if said in OF_VALUE:
        return OF_VALUE[said](row)
    if said.startswith("not "):
        inner = reads(row, said.removeprefix("not "), degree)
        return None if inner is None else not inner
    found = reading(row)
    if said == "borderline":
        return True if any(_is_by(row, limit) for limit in (row.low, row.high)) else None
    return None if found is None else _reads_as(row, found, said, degree)


def _is_by(row: Cited, limit: float | None) -> bool:
    """Whether a result lies by a limit of its range, on either side."""
    return limit is not None and row.value is not None and abs(row.value - limit) <= BORDER * abs(limit)


def _reads_as(row: Cited, found: str, said: str, degree: str | None) -> bool | None:
    if said in ENDS:
        return found == "normal" and _is_near(row, ENDS[said])
    if said.startswith("critical"):
        return row.mark in CRITICAL and said in ("critical", f"critical {found}")
    if said == "abnormal" or found != said:
        return said == "abnormal" and found != "normal"
    return degree is None or _by_degree(row, found, degree)


def _is_poor(row: Cited) -> bool | None:
    """Of an organ's function alone; that a test of anything else is poor is a judgement."""
    found = reading(row) if row.assay in OF_FUNCTION else None
    return None if found is None else found != "normal"


def _is_obese(row: Cited) -> bool | None:
    return None if row.value is None else row.value >= OBESE_MIN


def _is_near(row: Cited, side: str) -> bool:
    """Whether a result within its range lies in the fifth of it that is nearest to a limit; a tenth, of one limit."""
    limit, value = getattr(row, side), row.value or 0.0
    if row.low is None or row.high is None:
        return limit is not None and abs(value - limit) <= 0.1 * abs(limit)
    return abs(value - limit) <= 0.2 * (row.high - row.low)


def together(answers: list[bool | None], said: str) -> bool:
    """Whether results read as said when they are spoken of as one: normal if all are, otherwise if some are."""
    if said in ("normal", "not high", "not low"):
        return bool(answers) and all(answers)
    return any(answers) and None not in answers


def _by_degree(row: Cited, found: str, degree: str) -> bool | None:
    """Whether a row is slightly or markedly beyond its range; "just normal" is near a limit of it."""
    limits = {"high": [row.high], "low": [row.low]}.get(found, [row.low, row.high])
    shares = [abs((row.value or 0.0) - limit) / abs(limit) for limit in limits if limit]
    if not shares:
        return None
    return (_is_slight if degree == "slight" else _is_marked)(min(shares), found, row) if degree in DEGREES else None


def _is_slight(near: float, found: str, row: Cited) -> bool | None:
    if near <= SLIGHT_MAX:
        return True
    return None if found == "normal" or near <= GROSS_MIN else False


def _is_marked(near: float, found: str, row: Cited) -> bool | None:
    """Far from its limit; beyond it and flagged as critical, however far."""
    critical = found != "normal" and row.mark in CRITICAL
    return True if critical or near > (MARKED_MIN if found == "normal" else SLIGHT_MAX) else None


DEGREES = frozenset({"slight", "marked"})
OF_VALUE: dict[str, Callable[[Cited], bool | None]] = {
    "without a range": lambda row: row.low is None and row.high is None,
    "obese": _is_obese,
    "poor": _is_poor,
}
