"""Numbers of results: the value, its reference range, comparisons, averages and blood pressures."""

from core.verification import dates, spread
from core.verification.facts import Facts
from core.verification.quantities import Quantity, in_unit_of
from core.verification.reading import Reading
from core.verification.tables.scales import SCALE_MAX

RANGE_WORDS = frozenset(
    {"range", "ranges", "reference", "ref", "limit", "limits", "interval", "upper", "lower", "uln", "lln"}
)
_MORE = {"above", "over", "exceeds", "exceeding", "exceeded", "greater", "more", "higher"}
_LESS = {"below", "under", "less", "lower"}


def check(reading: Reading, i: int, facts: list[Facts]) -> list[Facts]:
    """Check number token `i` against results; the rows that bear it out (none: a finding says why)."""
    quantity = reading.quantity(i)
    before = reading.before(i, 5)
    results = [fact for fact in facts if fact.value is not None]
    if _is_distance(reading, i, quantity, results):
        return results
    if _is_range(reading, i) and not (before[:1] == ["("] and any(matches(quantity, fact) for fact in results)):
        return _check_range(reading, i, quantity, results)
    mean = spread.is_mean(reading, i)
    if mean is not None and spread.is_mean_of(quantity, results):
        reading.right(f"The mean of the {len(results)} cited results.", mean, i + 1)
        return results
    comparison = quantity.sign or _comparison(before)
    if comparison:
        reading.done(max(0, i - 1 - (before[:1] == ["than"])), i)
        return _check_comparison(reading, i, quantity, results, comparison)
    return _check_value(reading, i, quantity, results)


def _check_value(reading: Reading, i: int, quantity: Quantity, results: list[Facts]) -> list[Facts]:
    matched = [fact for fact in results if matches(quantity, fact)]
    if matched:
        fact = matched[0]
        reading.right(f"{fact.name} is {fact.shown()} in the cited row.", i, fact=fact, quote=fact.shown())
        return matched
    if results and _in_brackets(reading, i) and _limit_of(quantity, results) is not None:
        reading.done(i)
        return results
    if results and _is_scale(reading, i, quantity, results[0]):
        reading.done(i)
        return results
    _say_wrong(reading, i, quantity, results)
    return []


def matches(quantity: Quantity, fact: Facts) -> bool:
    if fact.value is None:
        return False
    found = in_unit_of(quantity, fact.value, fact.unit, fact.assay)
    return found is not None and quantity.agrees(*found)


def _say_wrong(reading: Reading, i: int, quantity: Quantity, results: list[Facts]) -> None:
    written = reading.tokens[i].text.strip()
    shown = ", ".join(dict.fromkeys(_dated(fact) for fact in results[:3]))
    near = next((f for f in results if f.value is not None and quantity._replace(unit=None).agrees(f.value)), None)
    if not results:
        reading.wrong(f"No cited row holds the number {written}.", i)
    elif near and near.unit is None:
        reading.unsure(f"The claim gives the unit {quantity.unit_text}; the row states no unit for {near.name}.", i)
    elif near and quantity.unit:
        reading.wrong(
            f"The unit is wrong: the claim says {written}, the row says {near.shown()}.",
            i,
            fact=near,
            quote=near.shown(),
        )
    else:
        reading.wrong(
            f"The claim says {written}; the cited row says {shown}.", i, fact=results[0], quote=results[0].shown()
        )


def _dated(fact: Facts) -> str:
    day = fact.first_day()
    return f"{fact.name} {fact.shown()}{' on ' + dates.say(day) if day else ''}"


def _is_distance(reading: Reading, i: int, quantity: Quantity, results: list[Facts]) -> bool:
    """ "0.4 mmol/L below the lower limit": how far a value lies outside its range."""
    side = next(iter(reading.after(i, 1)), "")
    if side not in ("above", "below") or not set(reading.after(i, 5)) & RANGE_WORDS:
        return False
    key = "ref_high" if side == "above" else "ref_low"
    for fact in results:
        limit = _number(fact.fields.get(key))
        if limit is not None and fact.value is not None and quantity.agrees(abs(fact.value - limit)):
            reading.right(f"{fact.name} is {fact.shown()}, the limit {limit:g}.", i, fact=fact, quote=fact.shown())
            return True
    return False


def _is_scale(reading: Reading, i: int, quantity: Quantity, fact: Facts) -> bool:
    """The 10 of "2 out of 10", the 0 and 10 of "0-10 scale"."""
    before = reading.before(i, 2)
    whole = SCALE_MAX.get(fact.assay or "")
    if (
        whole is not None
        and (
            before[:2] == ["of", "out"]
            or "/" in before[:1]
            or (before[:1] == ["of"] and before[1:2] and before[1].isdigit())
        )
        and quantity.value == whole
    ):
        return True
    return any(
        number.value == quantity.value
        for sentence in fact.sentences for number in sentence.numbers
        if (reading.tokens[i + 1 : i + 2] and reading.tokens[i + 1].text == "-") or before[:1] == ["-"]
    ) and "scale" in reading.plain  # fmt: skip


def _is_range(reading: Reading, i: int) -> bool:
    nearby = set(reading.before(i, 6)) & RANGE_WORDS
    if not nearby:
        return False
    for token in reversed(reading.tokens[max(0, i - 6) : i]):
        if token.norm in RANGE_WORDS:
            return True
        if token.text in ";)" or token.norm in ("at", "was", "on", "measured"):
            return False
    return False


def _check_range(reading: Reading, i: int, quantity: Quantity, results: list[Facts]) -> list[Facts]:
    fact = _limit_of(quantity, results)
    if fact is not None:
        reading.right("The row's reference range has this limit.", i, fact=fact, quote=reading.tokens[i].text.strip())
        return results
    reading.wrong(
        f"{reading.tokens[i].text} is not a limit of the cited row's reference range.",
        i,
        fact=results[0] if results else None,
    )
    return []


def _limit_of(quantity: Quantity, results: list[Facts]) -> Facts | None:
    """The first result whose reference range has this limit."""
    for fact in results:
        for key in ("ref_low", "ref_high"):
            limit = _number(fact.fields.get(key))
            found = in_unit_of(quantity, limit, fact.unit, fact.assay) if limit is not None else None
            if found and quantity.agrees(*found):
                return fact
    return None


def _in_brackets(reading: Reading, i: int) -> bool:
    """ "2.1 mIU/L (0.4-4.0)": the two numbers of a range, and nothing else, in brackets."""
    texts = [token.text.strip() for token in reading.tokens]
    opened = next((n for n in (i - 1, i - 3) if n >= 0 and texts[n] in "(["), None)
    return opened is not None and len(texts) > opened + 4 and texts[opened + 2] == "-" and texts[opened + 4] in ")]"


def _number(value: object) -> float | None:
    try:
        return None if value is None else float(str(value))
    except ValueError:
        return None


def _comparison(before: list[str]) -> str:
    near = before[:3] if before[:1] == ["than"] else before[:1]
    if before[:2] in (["least", "at"],):
        return "≥"
    if before[:2] == ["most", "at"]:
        return "≤"
    return ">" if any(w in _MORE for w in near) else "<" if any(w in _LESS for w in near) else ""


def _check_comparison(reading: Reading, i: int, quantity: Quantity, results: list[Facts], how: str) -> list[Facts]:
    def true_of(fact: Facts) -> bool:
        found = in_unit_of(quantity, fact.value or 0.0, fact.unit, fact.assay)
        if found is None:
            return False
        value = found[0]
        return {"<": value < quantity.value, ">": value > quantity.value}.get(how[:1], False) or (
            how in "≤≥" and ((value <= quantity.value) if how == "≤" else (value >= quantity.value))
        )

    as_written = [f for f in results if str(f.fields.get("value", "")).strip().startswith(how) and matches(quantity, f)]
    if as_written or (results and all(true_of(fact) for fact in results)):
        fact = (as_written or results)[0]
        reading.right(f"{fact.name} is {fact.shown()}: {how} {quantity.value:g}.", i, fact=fact, quote=fact.shown())
        return as_written or results
    _say_wrong(reading, i, quantity, results)
    return []


def check_pair(reading: Reading, i: int, facts: list[Facts]) -> list[Facts]:
    """Check "142/88": a blood pressure, a score out of its scale, or two strengths."""
    first, second = (part.strip(" mhg[]") for part in reading.tokens[i].text.split("/"))
    high, low = Quantity(float(first), 0, None, "", False, ""), Quantity(float(second), 0, None, "", False, "")
    upper = [f for f in reading.facts if f.assay == "systolic" and matches(high, f)]
    lower = [f for f in reading.facts if f.assay == "diastolic" and matches(low, f)]
    same_day = [u for u in upper if any(u.first_day() == other.first_day() for other in lower)]
    if same_day:
        pair = same_day + [other for other in lower if other.first_day() in {u.first_day() for u in same_day}]
        reading.right("Systolic and diastolic values are in the cited rows.", i, fact=pair[0], quote=pair[0].shown())
        return pair
    text = f"{first}/{second}"
    for fact in facts:
        scale = SCALE_MAX.get(fact.assay or "")
        if (scale == float(second) and matches(high, fact)) or (
            fact.value_text and text in fact.value_text.replace(" ", "")
        ):
            reading.right(f"{fact.name} is {fact.shown()}.", i, fact=fact, quote=fact.shown())
            return [fact]
        numbers = [number.value for sentence in fact.sentences for number in sentence.numbers]
        if fact.type != "observation" and high.value in numbers and low.value in numbers:
            reading.right("Both numbers are in the cited row.", i, fact=fact)
            return [fact]
    if not any(f.assay == "diastolic" for f in reading.facts) and upper:
        reading.silent(f"The diastolic value of {text} is in no cited row.", i)
    else:
        reading.wrong(f"No cited row holds {text}.", i)
    return []
