"""Amounts of change: "by 1.2 %", "an increase of 12", "a 0.4 mg/dL rise", "44 % higher"."""

from core.verification import trend, words
from core.verification.quantities import Quantity, in_unit_of
from core.verification.reading import Reading

_SLACK = 0.02
_FRACTIONS = {"half": 1 / 2, "third": 1 / 3, "thirds": 1 / 3, "quarter": 1 / 4, "quarters": 1 / 4, "fifth": 1 / 5,
              "tenth": 1 / 10}  # fmt: skip
_SHARE_SLACK = 0.15
FRACTIONS = frozenset(_FRACTIONS)
_MOVES = words.RISE | words.FALL | trend.UNMOVED


def check(reading: Reading, i: int) -> bool:
    """Whether number token `i` is an amount of change between two cited values, and if so settle it."""
    quantity = reading.quantity(i)
    if not _is_amount(reading, i):
        return False
    points = trend.points_of(reading, i)
    if len(points) < 2:
        return False
    changes = _changes(quantity, points[0], points[-1])
    allowed = 0.5 * 10.0**-quantity.decimals + 1e-9
    if any(abs(quantity.value - change) <= max(allowed, _SLACK * change) for change in changes):
        reading.right(trend.say(points), i, None, points[-1][2])
    else:
        reading.wrong(f"The amount of change is wrong: {trend.say(points)}", i, None, points[-1][2])
    return True


def check_fraction(reading: Reading, i: int) -> bool:
    """ "By a quarter", "by two thirds": whether word `i` is such a share of the first value, and if so settle it."""
    share = _FRACTIONS.get(reading.tokens[i].norm)
    before = reading.before(i, 4)
    if share is None or "by" not in before:
        return False
    share *= 2 if before[0] == "two" else 3 if before[0] == "three" else 1
    points = trend.points_of(reading, i)
    if len(points) < 2 or not points[0][1]:
        return False
    change = abs(points[-1][1] - points[0][1]) / abs(points[0][1])
    say = reading.right if abs(change - share) <= _SHARE_SLACK * share else reading.wrong
    say(trend.say(points), i, None, points[-1][2])
    return True


def _is_amount(reading: Reading, i: int) -> bool:
    before, after = reading.before(i, 4), reading.after(i, 2)
    if before[:1] in (["by"], ["lost"], ["gained"]):
        return True
    if before[:1] in (["up"], ["down"]) and set(after) & {"from", "since", "on", "over", "in"}:
        return True
    if before[:1] == ["of"] and set(before[1:3]) & _MOVES:
        return True
    return bool(after[:1] and after[0] in _MOVES and before[:1] not in (["to"], ["at"], ["from"], ["was"], ["of"])) or (
        after[:1] in (["higher"], ["lower"])
    )


def _changes(quantity: Quantity, first: trend.Point, last: trend.Point) -> list[float]:
    """The change in the claim's unit and, for a percentage, as a share of the first value."""
    changes = []
    ends = [in_unit_of(quantity, value, fact.unit, fact.assay) for _, value, fact in (first, last)]
    if ends[0] and ends[1]:
        changes.append(abs(ends[1][0] - ends[0][0]))
    if quantity.unit and quantity.unit.kind == "percent" and first[1]:
        changes.append(abs(last[1] - first[1]) / abs(first[1]) * 100)
    return changes
