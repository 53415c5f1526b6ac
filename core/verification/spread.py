"""What several values have in common: the highest and lowest, the mean, from where to where they range."""

from core.verification import trend
from core.verification.facts import Facts
from core.verification.quantities import Quantity, in_unit_of
from core.verification.reading import Reading
from core.verification.text import NUMBER

HIGHEST = frozenset({"highest", "peak", "peaked", "maximum", "max"})
LOWEST = frozenset({"lowest", "nadir", "minimum", "min"})
MEAN = frozenset({"average", "averaged", "averaging", "mean", "averages"})
_EXTENT = frozenset({"ranged", "ranging", "varied", "varying", "fluctuated", "fluctuating"})


def check(reading: Reading, borne: dict[int, list[Facts]]) -> None:
    for i, token in reading.having(HIGHEST | LOWEST):
        _extreme(reading, i, borne, token.norm in HIGHEST)
    for i, _ in reading.having(_EXTENT):
        _extent(reading, i, borne)


def _extreme(reading: Reading, i: int, borne: dict[int, list[Facts]], highest: bool) -> None:
    facts = _results(reading, i)
    if len(facts) < 2:
        if not trend.in_text(reading, i):
            reading.silent(f"“{reading.tokens[i].text}” needs the other results; the claim does not cite them.", i)
        return
    best = (max if highest else min)(f.value for f in facts if f.value is not None)
    near = sorted(borne, key=lambda n: abs(n - i))
    named = borne[near[0]] if near else [trend.dated(facts)[-1][2]] if trend.dated(facts) else facts
    if any(f.value == best for f in named):
        reading.right(f"{best:g} is the {'highest' if highest else 'lowest'} of the cited results.", i, None, named[0])
    else:
        reading.wrong(f"The {'highest' if highest else 'lowest'} of the cited results is {best:g}.", i, None, named[0])


def _results(reading: Reading, i: int) -> list[Facts]:
    mention = reading.mention_of(i, [m for m in reading.mentions if any(f.value is not None for f in m.facts)])
    return [f for f in (mention.facts if mention else reading.facts) if f.value is not None]


def _extent(reading: Reading, i: int, borne: dict[int, list[Facts]]) -> None:
    """ "Ranged from A to B": the lowest and the highest of the cited results."""
    values = [f.value for f in _results(reading, i) if f.value is not None]
    stated = [n for n in borne if n > i and reading.tokens[n].kind == NUMBER][:2]
    if len(values) < 2:
        reading.silent("A spread needs two or more results; the claim does not cite them.", i)
    elif len(stated) == 2 and {f.value for n in stated for f in borne[n]} >= {min(values), max(values)}:
        reading.right(f"The cited results range from {min(values):g} to {max(values):g}.", i)
    else:
        reading.wrong(f"The cited results range from {min(values):g} to {max(values):g}.", i)


def is_mean(reading: Reading, i: int) -> int | None:
    """The token that calls number token `i` a mean, if one does and no other number stands between."""
    for n in range(i - 1, reading.span_of(i).start - 1, -1):
        if reading.tokens[n].kind == NUMBER:
            return None
        if reading.tokens[n].norm in MEAN:
            return n
    return None


def is_mean_of(quantity: Quantity, results: list[Facts]) -> bool:
    found = [v for f in results if f.value is not None and (v := in_unit_of(quantity, f.value, f.unit, f.assay))]
    return len(found) > 1 and quantity.agrees(sum(value for value, _ in found) / len(found))
