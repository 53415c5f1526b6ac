"""High, low, normal, borderline, critical: against the row's own range and its laboratory's mark."""

from datetime import date

from core.verification import dates, words
from core.verification.facts import Facts
from core.verification.reading import Mention, Reading
from core.verification.text import DATE, stem

SLIGHT_MAX = 0.3
AT_LIMIT = 0.02
MARKED_MIN = 0.1
BORDERLINE_WITHIN = 0.1
_CODES = {"H": "high", "HH": "high", "HU": "high", "L": "low", "LL": "low", "LU": "low", "N": "normal",
          "A": "abnormal", "AA": "abnormal"}  # fmt: skip
_WORDS = {
    **dict.fromkeys(words.HIGH, "high"), **dict.fromkeys(words.LOW, "low"), **dict.fromkeys(words.NORMAL, "normal"),
    **dict.fromkeys(words.ABNORMAL, "abnormal"), **dict.fromkeys(words.BORDERLINE, "borderline"),
    **dict.fromkeys(words.CRITICAL, "critical"),
}  # fmt: skip
_SIDES_OF_RANGE = {"within": "normal", "inside": "normal", "in": "normal", "outside": "abnormal", "out": "abnormal"}
_LETTERS = {"h": "high", "hh": "critical", "l": "low", "ll": "critical"}
_RANGE = frozenset({"range", "limits", "limit", "interval", "reference"})
_ALWAYS = frozenset({"persistently", "consistently", "repeatedly"})
_NOW = frozenset({"now", "currently", "presently"})
_ENDS = frozenset({"upper", "lower"})
_DEGREE = words.SLIGHT | words.MARKED


def check(reading: Reading) -> None:
    for i, _ in reading.having(_ENDS):
        _at_limit(reading, i)
    for i, token in reading.having(_SIDES_OF_RANGE.keys() | _LETTERS.keys() | _WORDS.keys()):
        if token.norm in _SIDES_OF_RANGE and _range_follows(reading, i):
            _judge(reading, i, _SIDES_OF_RANGE[token.norm])
        elif token.norm in _LETTERS and reading.before(i, 1) in (["["], ["("]):
            _judge(reading, i, _LETTERS[token.norm])
        elif token.norm in _WORDS and not _names_something(reading, i):
            _judge(reading, i, _WORDS[token.norm])


def side(reading: Reading, i: int) -> str | None:
    """What a word says of a result against its range, "high" for "raised"; None if it says nothing of the kind."""
    return _WORDS.get(reading.tokens[i].norm)


def _at_limit(reading: Reading, i: int) -> None:
    """ "At the upper limit of the range": just the limit."""
    if reading.before(i, 2) != ["the", "at"] or reading.after(i, 1) not in (["limit"], ["end"]):
        return
    key = "ref_high" if reading.tokens[i].norm == "upper" else "ref_low"
    facts = [fact for fact in _about(reading, i) if _limit(fact, key) is not None]
    if facts:
        at = all(
            abs((fact.value or 0.0) - (_limit(fact, key) or 0.0)) <= AT_LIMIT * abs(fact.value or 1.0) for fact in facts
        )
        say = reading.right if at else reading.wrong
        say(f"{facts[0].name} {facts[0].shown()} has {limits(facts[0])}.", i, i + 2, facts[0], facts[0].shown())


def _range_follows(reading: Reading, i: int) -> bool:
    following = reading.after(i, 4)
    place = next((n for n, word in enumerate(following) if word in _RANGE), None)
    return place is not None and all(
        w in ("the", "of", "normal", "reference", "its", "a", "lab", "laboratory", "upper", "lower", "expected")
        for w in following[:place]
    ) and not (reading.tokens[i].norm == "in" and place == 0 and following[0] == "reference")  # fmt: skip


def _names_something(reading: Reading, i: int) -> bool:
    """Whether the word belongs to the row's own words: "high school", "low back pain", "normal pregnancy"."""
    term = stem(reading.tokens[i].norm)
    following = [stem(word) for word in reading.after(i, 1)]
    for fact in reading.facts:
        if fact.flags_of(term) and (not following or any(fact.flags_of(f) for f in following) or fact.value is None):
            return fact.value is None or any(fact.flags_of(f) for f in following)
    return "criticality" in reading.after(i, 1) or "risk" in reading.after(i, 1)


def _judge(reading: Reading, i: int, said: str) -> None:
    facts = _about(reading, i)
    denied = bool(set(reading.before(i, 2)) & {"not", "never", "no", "non", "neither", "nor"}) or reading.before(
        i, 1
    ) == ["without"]
    if not facts:
        return
    if len(facts) < 2 and set(reading.before(i, 2)) & _ALWAYS:
        reading.silent("One cited result does not show what holds every time.", i)
        return
    marks = [(fact, standing(fact)) for fact in facts]
    unknown = [fact for fact, mark in marks if mark is None]
    text = reading.tokens[i].text
    if len(unknown) == len(marks):
        reading.silent(f"The row gives no reference range, so “{text}” cannot be told from it.", i)
        return
    results = [_fits(reading, i, said, fact, mark) for fact, mark in marks if mark is not None]
    holds = all(results) if not denied else not any(results)
    fact, mark = next((fm for fm in marks if fm[1] is not None), marks[0])
    _absorb(reading, i, denied)
    if holds:
        reading.right(f"{fact.name} {fact.shown()} is {mark} for {limits(fact)}.", i, None, fact, fact.shown())
    else:
        reading.wrong(
            f"{fact.name} {fact.shown()} is {mark} for {limits(fact)}, not {text}.", i, None, fact, fact.shown()
        )


def _about(reading: Reading, i: int) -> list[Facts]:
    named = [m for m in reading.mentions if any(_numeric(f) for f in m.facts)]
    mention = _adjective(reading, i, named) or reading.mention_of(i, named)
    facts = [f for f in (mention.facts if mention else reading.facts) if _numeric(f)]
    together = _listed_with(reading, mention, named, i)
    facts = list(dict.fromkeys(facts + together))
    if set(reading.before(i, 2)) & _ALWAYS:
        return facts
    facts = _of_its_time(reading, i, facts)
    stated = [
        f for f in facts if any(found.row_ref == f.ref and found.quote == f.shown() for found in reading.findings)
    ]
    following = _value_after(reading, i, stated)
    if following:
        return [following]
    if len(stated) > 1 and not any(
        t.norm in ("all", "both", "consistently", "persistently", "remained") for t in reading.tokens
    ):
        near = _nearest_stated(reading, i, stated)
        return [near] if near else stated
    return stated or facts


def _of_its_time(reading: Reading, i: int, facts: list[Facts]) -> list[Facts]:
    """ "Above range in June, within range in July", "now normal": the results of that time, if its clause names one."""
    if len(facts) < 2:
        return facts
    start, end = _clause(reading, i)
    near = [n for n in reading.span_of(i) if start <= reading.tokens[n].start < end]
    now = [n for n in near if reading.tokens[n].norm in _NOW]
    if now and all(fact.first_day() for fact in facts):
        reading.done(now[0])
        latest = max(fact.first_day() or date.min for fact in facts)
        return [fact for fact in facts if fact.first_day() == latest]
    written = [dates.written(reading.tokens[n].text) for n in near if reading.tokens[n].kind == DATE]
    if len(written) != 1:
        return facts
    return [f for f in facts if (day := f.first_day()) and any(d.holds(day) for d in written[0])] or facts


def _value_after(reading: Reading, i: int, stated: list[Facts]) -> Facts | None:
    """The value in "normal (3.9 mmol/L)" and "high at 8.9 %"."""
    if reading.after(i, 1) not in (["("], ["at"], ["of"]) or i + 2 >= len(reading.tokens):
        return None
    start = reading.tokens[i + 2].start
    ref = next((f.row_ref for f in reading.findings if f.span and f.span[0] == start and f.quote), None)
    return next((fact for fact in stated if fact.ref == ref), None)


def _nearest_stated(reading: Reading, i: int, stated: list[Facts]) -> Facts | None:
    """Of several stated values, the one the word stands by: the last before it, else the next, in its part of the
    sentence; else in all of it."""
    place, (start, end) = reading.tokens[i].start, _clause(reading, i)
    spans = sorted((f.span[0], f.row_ref) for f in reading.findings if f.span and f.row_ref and f.quote)
    before = [(at, ref) for at, ref in spans if at <= place]
    after = [(at, ref) for at, ref in spans if at > place]
    near = [ref for at, ref in before if at >= start][-1:] + [ref for at, ref in after if at < end][:1]
    ref = (near + [ref for _, ref in before[-1:]] + [ref for _, ref in after[:1]] + [None])[0]
    return next((f for f in stated if f.ref == ref), None)


def _clause(reading: Reading, i: int) -> tuple[int, int]:
    """From where to where, in characters, a word's part of the sentence runs: between commas and contrasts."""
    span = reading.span_of(i)
    bounds = [n for n in span if reading.tokens[n].text in ",;" or reading.tokens[n].norm in words.CONTRAST]
    first = next((n for n in reversed(bounds) if n < i), span.start)
    last = next((n for n in bounds if n > i), span.stop - 1)
    return reading.tokens[first].start, reading.tokens[last].end


def _adjective(reading: Reading, i: int, named: list[Mention]) -> Mention | None:
    """ "low potassium": the name right after the word."""
    return next((m for m in named if m.first in (i + 1, i + 2) and reading.tokens[i + 1].text not in ",;("), None)


def _listed_with(reading: Reading, mention: Mention | None, named: list[Mention], i: int) -> list[Facts]:
    """ "sodium and potassium were normal": the word is about both."""
    found: list[Facts] = []
    while mention is not None and mention.first < i:
        earlier = [m for m in named if m.end <= mention.first and m is not mention]
        joined = earlier and all(
            reading.tokens[n].norm in ("and", ",", "or", "both", "the", "with")
            for n in range(earlier[-1].end, mention.first)
        )
        if not joined:
            break
        mention = earlier[-1]
        found += [f for f in mention.facts if _numeric(f)]
    return found


def _numeric(fact: Facts) -> bool:
    return fact.type == "observation" and (fact.value is not None or bool(fact.fields.get("interpretation")))


def standing(fact: Facts) -> str | None:
    """high, low, normal or abnormal; None if the row has neither range nor mark."""
    low, high = _limit(fact, "ref_low"), _limit(fact, "ref_high")
    if fact.value is not None and (low is not None or high is not None):
        if high is not None and fact.value > high:
            return "high"
        return "low" if low is not None and fact.value < low else "normal"
    return _CODES.get(str(fact.fields.get("interpretation") or "").upper())


def outside_by(fact: Facts) -> float | None:
    """How far a value lies outside its range, 0 if within; None without a range."""
    low, high = _limit(fact, "ref_low"), _limit(fact, "ref_high")
    if fact.value is None or (low is None and high is None):
        return None
    return max(0.0, fact.value - high if high is not None else 0.0, low - fact.value if low is not None else 0.0)


def critical(fact: Facts) -> bool:
    return str(fact.fields.get("interpretation") or "").upper() in ("HH", "LL", "AA")


def limits(fact: Facts) -> str:
    low, high = _limit(fact, "ref_low"), _limit(fact, "ref_high")
    if low is None and high is None:
        return f"the laboratory's mark {fact.fields.get('interpretation')}"
    if low is None:
        return f"the range up to {high:g}"
    return f"the range from {low:g}" if high is None else f"the range {low:g} to {high:g}"


def _limit(fact: Facts, key: str) -> float | None:
    value = fact.fields.get(key)
    try:
        return None if value is None or value == "" else float(value)
    except (TypeError, ValueError):
        return None


def _fits(reading: Reading, i: int, said: str, fact: Facts, mark: str) -> bool:
    if said in ("high", "low", "normal"):
        return said == mark and (said == "normal" or _degree_fits(reading, i, fact))
    if said == "borderline":
        return _apart(fact) <= BORDERLINE_WITHIN
    return critical(fact) if said == "critical" else mark != "normal"


def _degree_fits(reading: Reading, i: int, fact: Facts) -> bool:
    """ "Slightly" high is near the limit, "markedly" high is not."""
    degree = set(reading.before(i, 2))
    if degree & words.SLIGHT:
        return _apart(fact) <= SLIGHT_MAX
    return not degree & words.MARKED or _apart(fact) >= MARKED_MIN or critical(fact)


def _apart(fact: Facts) -> float:
    """How far the value is from the nearest limit, as a share of that limit."""
    ends = [end for key in ("ref_low", "ref_high") if (end := _limit(fact, key)) is not None]
    return min((abs((fact.value or 0.0) - end) / (abs(end) or 1.0) for end in ends), default=0.0)


def _absorb(reading: Reading, i: int, denied: bool) -> None:
    for n in range(max(0, i - 2), i):
        token = reading.tokens[n]
        if token.norm in _DEGREE | _ALWAYS or (denied and token.norm in words.NEGATORS):
            reading.done(n)
    for n in range(i + 1, min(len(reading.tokens), i + 6)):
        if reading.tokens[n].norm in _RANGE or reading.tokens[n].norm in (
            "normal",
            "upper",
            "lower",
            "end",
            "expected",
        ):
            reading.done(n)
