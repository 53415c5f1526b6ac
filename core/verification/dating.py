"""Dates of a claim: each must be a date of what it is said about, as its start or its end, with its value."""

from core.verification import dates
from core.verification.facts import Facts
from core.verification.reading import Reading
from core.verification.scope import NEGATED
from core.verification.text import DATE, NUMBER, PAIR
from core.verification.words import START_WORDS, STOP_WORDS

_DURING = frozenset({"of", "during", "throughout", "in"})
_VISIT_WORDS = frozenset(
    {"visit", "encounter", "note", "seen", "appointment", "consultation", "admission", "admitted", "attended"}
)
_PARTS = {"early": (1, 5), "mid": (4, 9), "late": (8, 12)}
_NEXT_TO_DATE = frozenset({"to", "-", "from", "through", "first", "end"})


def check(reading: Reading, borne: dict[int, list[Facts]]) -> None:
    """`borne` are the rows that bear each number out: a date beside a number must be a date of one of them."""
    if not any(token.kind == DATE for token in reading.tokens):
        return
    pairs = _pairs(reading, borne)
    for i, token in enumerate(reading.tokens):
        if token.kind != DATE or token.done:
            continue
        if ":" in token.text and len(token.text) <= 5:
            _time_of_day(reading, i)
            continue
        days = dates.written(token.text.strip(".,"))
        if not days:
            reading.wrong(f"{token.text} is not a date.", i)
        elif _part_of_year(reading, i, days):
            continue
        elif i in pairs and "than" not in reading.before(i, 3):
            _check(reading, i, days, pairs[i])
        else:
            _check(reading, i, days, _about(reading, i))


def _part_of_year(reading: Reading, i: int, days: tuple[dates.Days, ...]) -> bool:
    """ "Early 2011": the months it may mean; whether that was all there is to check."""
    part = next(iter(word for word in reading.before(i, 2) if word in _PARTS), None)
    if part is None or days[0].first.year != days[0].last.year or days[0].first.month == days[0].last.month:
        return False
    reading.done(i - 2 if reading.tokens[i - 1].norm != part else i - 1)
    first, last = _PARTS[part]
    held = [day for fact in _about(reading, i) for _, day in fact.days if days[0].holds(day)]
    if held and not any(first <= day.month <= last for day in held):
        reading.wrong(f"The row's date is {dates.say(held[0])}, not {part} in the year.", i)
    return reading.tokens[i].done


def _about(reading: Reading, i: int) -> list[Facts]:
    facts = reading.subject(i)
    if reading.after(i, 1) in (["("], [":"]):
        following = next((m for m in reading.mentions if i < m.first <= i + 3), None)
        facts = following.facts if following else facts
    span = reading.span_of(i)
    if any(reading.tokens[n].norm in _VISIT_WORDS for n in span):
        facts = facts + [fact for fact in reading.facts if fact.type in ("visit", "note") and fact not in facts]
    return facts


def _check(reading: Reading, i: int, days: tuple[dates.Days, ...], facts: list[Facts]) -> None:
    role = _role(reading, i)
    holding = [(fact, found) for fact in facts for found, day in fact.days if any(d.holds(day) for d in days)]
    if role is None and not _several_dates(reading, i):
        # A bare date is when a thing began.
        holding = [(fact, found) for fact, found in holding if found != "stop"]
    fitting = [fact for fact, found in holding if found in (role, "at", "other") or (role is None and found != "born")]
    if fitting:
        if reading.tokens[i].flags & NEGATED and not _denied_elsewhere(reading, i):
            reading.wrong(
                f"The claim denies {reading.tokens[i].text}, which is the cited row's date.", i, fact=fitting[0]
            )
        else:
            reading.right(f"The row's date is {reading.tokens[i].text}.", i, fact=fitting[0])
    elif _between_bounds(reading, i, facts):
        reading.done(i)
    elif holding:
        fact, found = holding[0]
        reading.wrong(
            f"{reading.tokens[i].text} is when {fact.name} {'ended' if found == 'stop' else 'began'}.", i, fact=fact
        )
    elif _covered(reading, i, days, facts, role) or _in_text(days, facts):
        reading.done(i)
    else:
        _say_wrong(reading, i, facts)


def _in_text(days: tuple[dates.Days, ...], facts: list[Facts]) -> bool:
    return any(day in sentence.days for fact in facts for sentence in fact.sentences for day in days)


def _between_bounds(reading: Reading, i: int, facts: list[Facts]) -> bool:
    """ "Three visits between A and B": both bounds hold all rows."""
    bounds = [n for n in reading.span_of(i) if reading.tokens[n].kind == DATE]
    days = [day for fact in facts if (day := fact.first_day())]
    if len(bounds) != 2 or len(days) < 2 or not _between(reading, bounds[0]):
        return False
    first, last = (dates.written(reading.tokens[n].text) for n in bounds)
    return bool(first and last) and all(first[0].first <= day <= last[0].last for day in days)


def _several_dates(reading: Reading, i: int) -> bool:
    return sum(reading.tokens[n].kind == DATE for n in reading.span_of(i)) > 1


def _denied_elsewhere(reading: Reading, i: int) -> bool:
    """A negation over a name or a standing covers its date too; only a bare "not on 3 May" denies the date."""
    return reading.before(i, 2) != ["on", "not"]


def _say_wrong(reading: Reading, i: int, facts: list[Facts]) -> None:
    fact = next((f for f in facts if f.days), None)
    if fact is None:
        reading.unsure(f"The cited rows hold no date to check {reading.tokens[i].text} against.", i)
        return
    held = ", ".join(dict.fromkeys(dates.say(day) for f in facts[:3] for _, day in f.days))
    reading.wrong(f"The claim says {reading.tokens[i].text}; the cited row's date is {held}.", i, fact=fact, quote=held)


def _role(reading: Reading, i: int) -> str | None:
    """Whether a date is said to be a start or an end; None if the claim does not say."""
    span = reading.span_of(i)
    for n in range(i - 1, max(span.start, i - 7) - 1, -1):
        token = reading.tokens[n]
        if token.kind == DATE:
            return (
                "stop"
                if any(reading.tokens[m].norm in ("and", "-", "to") for m in range(n + 1, i)) and _between(reading, n)
                else None
            )
        if token.norm in ("born", "birth", "dob"):
            return "born"
        if token.norm in _NEXT_TO_DATE and n < i - 1:
            continue
        if token.norm in STOP_WORDS:
            return "stop"
        if token.norm in START_WORDS:
            return "start"
        if token.norm == "between":
            return "start"
    named_before = any(span.start <= m.first < i for m in reading.mentions)
    return None if named_before else _role_after(reading, i, span)


def _between(reading: Reading, n: int) -> bool:
    return bool(set(reading.before(n, 3)) & {"between", "from"})


def _role_after(reading: Reading, i: int, span: range) -> str | None:
    said = {reading.tokens[n].norm for n in span if n > i and reading.tokens[n].kind != DATE}
    starts, stops = (
        said & START_WORDS - {"from", "since", "first"},
        said & STOP_WORDS - {"to", "-", "end", "until", "till", "through"},
    )
    dated = sum(reading.tokens[n].kind == DATE for n in span)
    if dated > 1 or bool(starts) == bool(stops):
        return None
    return "start" if starts else "stop"


def _covered(reading: Reading, i: int, days: tuple[dates.Days, ...], facts: list[Facts], role: str | None) -> bool:
    """ "As of March 2020" or "in 2015" for something that ran through that time; a bound that all rows keep."""
    before = reading.before(i, 2)
    wide = any(d.first != d.last and not d.yearless for d in days)
    if (
        before[:2] == ["of", "as"]
        or (before[:1] and before[0] in ("during", "throughout"))
        or (wide and before[:1] == ["in"] and role is None)
    ):
        for fact in facts:
            start, stop = fact.day("start"), fact.day("stop")
            if start and any(start <= d.last and (stop is None or stop >= d.first) for d in days):
                return True
    observed = [day for fact in facts if fact.type == "observation" for _, day in fact.days]
    if before[:1] and before[0] in ("since", "after") and len(observed) > 1:
        return all(day >= days[0].first for day in observed)
    if before[:1] and before[0] in ("before", "until", "by") and len(observed) > 1:
        return all(day <= days[0].last for day in observed)
    return False


def _pairs(reading: Reading, borne: dict[int, list[Facts]]) -> dict[int, list[Facts]]:
    """Token index of a date -> the rows of the number it stands with."""
    found: dict[int, list[Facts]] = {}
    for sentence in _values_and_dates(reading, borne):
        runs: list[list[int]] = []
        for i in sentence:
            if runs and (runs[-1][0] in borne) == (i in borne):
                runs[-1].append(i)
            else:
                runs.append([i])
        found |= _pair_runs(runs, borne)
    return found


def _pair_runs(runs: list[list[int]], borne: dict[int, list[Facts]]) -> dict[int, list[Facts]]:
    found: dict[int, list[Facts]] = {}
    dates_first = bool(runs) and runs[0][0] not in borne
    for n, run in enumerate(runs):
        if run[0] in borne:
            continue
        near = n + 1 if dates_first else n - 1
        if not 0 <= near < len(runs):
            continue
        values = runs[near]
        for nth, i in enumerate(run):
            if len(values) == len(run):
                found[i] = borne[values[nth]]
            elif len(run) == 1:
                found[i] = borne[values[0] if dates_first else values[-1]]
    return found


def _values_and_dates(reading: Reading, borne: dict[int, list[Facts]]) -> list[list[int]]:
    sentences: dict[int, list[int]] = {}
    for i, token in enumerate(reading.tokens):
        is_value = i in borne and token.kind in (NUMBER, PAIR) and borne[i][0].type == "observation"
        if is_value or (token.kind == DATE and not token.done):
            sentences.setdefault(reading.sentence(i), []).append(i)
    return list(sentences.values())


def _time_of_day(reading: Reading, i: int) -> None:
    text = reading.tokens[i].text.zfill(5)
    if any(f"T{text}" in str(value) for fact in reading.facts for value in fact.fields.values()):
        reading.done(i)
    else:
        reading.wrong(f"No cited row is from {text}.", i)
