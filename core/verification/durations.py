"""Lengths of time: how long something was taken or lasted, how far apart two results are, 6/52 for six weeks."""

from datetime import date, datetime

from core.verification import strengths, units
from core.verification.facts import Facts
from core.verification.quantities import Quantity
from core.verification.reading import Reading

MINUTES_A_DAY = 1440
VISIT_SLACK = 0.1
_APART = frozenset({"later", "apart", "earlier", "after", "before", "between", "following", "over", "within"})
_SPANS = frozenset({"past", "last", "preceding", "previous", "next", "following"})
_PER = {"7": "days", "52": "weeks", "12": "months"}


def check(reading: Reading, i: int, count: float, unit: units.Unit, facts: list[Facts]) -> None:
    """Check that `count` units of time at token `i` is the length of something in the rows."""
    text = reading.tokens[i].text.strip()
    near = set(reading.after(i, 2)) | set(reading.before(i, 2))
    if "ago" in near or (near & {"past", "last"} and not facts):
        _since_then(reading, i, count, unit, facts)
        return
    if unit.size < 1 and (minutes := _minutes(facts or reading.facts)):
        _of_visit(reading, i, count * unit.size * MINUTES_A_DAY, minutes)
        return
    quantity = Quantity(count, 0, unit, "", False, "")
    lengths = _lengths(reading, facts, bool(near & _APART))
    if any(_fits(count, unit, days) for days in lengths):
        reading.right(f"The rows' dates are {text} apart.", i, fact=facts[0] if facts else None)
        if i and reading.tokens[i - 1].norm in _SPANS:
            reading.done(i - 1)
    elif said := strengths.holds_quantity(reading, i, quantity, reading.facts):
        reading.right(f"The cited row says {text}.", i, fact=said)
    elif lengths:
        reading.wrong(
            f"The claim says {text}; the cited rows' dates are {_say(lengths[0])} apart.",
            i,
            fact=facts[0] if facts else None,
        )
    else:
        reading.unsure(f"The cited rows do not show a length of {text}.", i)


def _minutes(facts: list[Facts]) -> list[float]:
    """How long each visit lasted, by its times."""
    found = []
    for fact in facts:
        ends = [fact.fields.get(key) for key in ("started_at", "ended_at")]
        try:
            first, last = (datetime.fromisoformat(str(end)) for end in ends)
            found.append((last - first).total_seconds() / 60)
        except (ValueError, TypeError):
            continue
    return found


def _of_visit(reading: Reading, i: int, said: float, minutes: list[float]) -> None:
    if any(abs(said - length) <= max(1.0, VISIT_SLACK * length) for length in minutes):
        reading.right("The visit lasted that long.", i)
    else:
        reading.wrong(f"The visit lasted {minutes[0]:.0f} minutes.", i)


def check_word(reading: Reading, i: int, count: int) -> None:
    """The same for a number that is a word: "three weeks", "a year"."""
    unit = units.parse(reading.tokens[i + 1].norm)
    if unit:
        check(reading, i, float(count), unit, reading.subject(i))
        reading.done(i + 1)


def of_shorthand(text: str) -> tuple[float, units.Unit] | None:
    """6/52 is six weeks, 3/7 three days, 2/12 two months."""
    count, per = text.strip().split("/")
    unit = units.parse(_PER[per])
    return (float(count), unit) if unit else None


def _since_then(reading: Reading, i: int, count: float, unit: units.Unit, facts: list[Facts]) -> None:
    days = [(reading.on - day).days for fact in facts for _, day in fact.days] if reading.on else []
    if not days:
        reading.unsure(f"How long ago this was cannot be told: {reading.tokens[i].text.strip()} ago.", i)
    elif any(_fits(count, unit, d) for d in days):
        reading.right("The row's date is that long ago.", i)
    else:
        reading.wrong(f"No cited row is from {reading.tokens[i].text.strip()} ago.", i)


def _lengths(reading: Reading, facts: list[Facts], apart: bool) -> list[int]:
    """Days between start and stop of each row, then between rows."""
    own = []
    for fact in facts:
        start, stop = fact.day("start"), fact.day("stop") or reading.on
        if start and stop:
            own.append((stop - start).days)
    days = sorted({day for fact in facts for role, day in fact.days if role in ("at", "start", "stop")})
    if apart or not own:
        days = days if len(days) > 1 else sorted({day for fact in reading.facts for day in _points(fact)})
    elif len(facts) < 2:
        return own
    return own + [(b - a).days for n, a in enumerate(days) for b in days[n + 1 :]]


def _points(fact: Facts) -> list[date]:
    return [day for role, day in fact.days if role != "born"]


def _fits(count: float, unit: units.Unit, days: int) -> bool:
    if unit.size <= 1:
        return abs(days - count * unit.size) <= 1
    return (count - 0.5) * unit.size <= days < (count + (1 if unit.size > 300 else 0.5)) * unit.size


def _say(days: int) -> str:
    if days < 14:
        return f"{days} days"
    return (
        f"{days // 7} weeks"
        if days < 70
        else f"{days / 30.4375:.0f} months"
        if days < 700
        else f"{days / 365.25:.1f} years"
    )
