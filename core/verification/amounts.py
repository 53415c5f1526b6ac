"""Every number of a claim, given to the check that knows its kind. None is passed over."""

from core.verification import binding, counts, deltas, durations, strengths, units, values
from core.verification.facts import Facts
from core.verification.reading import Mention, Reading
from core.verification.scope import NEGATED
from core.verification.text import MARK, NUMBER, PAIR, SHORTHAND, WORD
from core.verification.words import NUMBER_WORDS

_WORDS = NUMBER_WORDS.keys() | deltas.FRACTIONS | {"a", "an"}


def check(reading: Reading) -> dict[int, list[Facts]]:
    """Token index of each number borne out -> the rows that bear it out."""
    bound = binding.bind(reading)
    borne: dict[int, list[Facts]] = {}
    for i, token in enumerate(reading.tokens):
        kind = token.kind
        if token.done or kind == MARK:
            continue
        if kind == WORD:
            if token.norm in _WORDS:
                _word(reading, i)
        elif kind == SHORTHAND:
            length = durations.of_shorthand(token.text)
            if length:
                durations.check(reading, i, *length, reading.subject(i))
        elif kind in (PAIR, NUMBER):
            borne[i] = _figure(reading, i, bound)
            if borne[i] and token.flags & NEGATED and "not" in reading.before(i, 2):
                text = token.text.strip()
                reading.wrong(f"The claim denies {text}, which the cited row holds.", i, fact=borne[i][0])
    return {i: facts for i, facts in borne.items() if facts}


def _figure(reading: Reading, i: int, bound: dict[int, Mention]) -> list[Facts]:
    mention = bound.get(i)
    if reading.tokens[i].kind == PAIR:
        return values.check_pair(reading, i, _facts(reading, mention))
    return _number(reading, i, mention, sum(other is mention for other in bound.values()) == 1)


def _facts(reading: Reading, mention: Mention | None) -> list[Facts]:
    return mention.facts if mention else reading.facts


def _number(reading: Reading, i: int, mention: Mention | None, alone: bool) -> list[Facts]:
    facts = _facts(reading, mention)
    quantity = reading.quantity(i)
    if quantity.unit and quantity.unit.kind == "time" and not _measures_time(facts):
        durations.check(reading, i, quantity.value, quantity.unit, reading.subject(i))
        return []
    if deltas.check(reading, i):
        return []
    kind = counts.counted(reading, i) if quantity.unit is None and quantity.decimals == 0 else None
    if kind:
        counts.check(reading, i, int(quantity.value), kind)
        return []
    if strengths.holds_year(reading, i, facts) and not any(values.matches(quantity, f) for f in facts):
        reading.right("The year is that of a cited row.", i)
        return []
    return _measured(reading, i, facts, mention, alone)


def _measured(reading: Reading, i: int, facts: list[Facts], mention: Mention | None, alone: bool) -> list[Facts]:
    """`alone`: no other number is said of what is named, so that a strength tells which of its rows is meant."""
    results = [fact for fact in facts if fact.value is not None]
    quantity = reading.quantity(i)
    others = [fact for fact in facts if fact.value is None]
    if results and not any(values.matches(quantity, fact) for fact in results):
        if others and strengths.holds(reading, i, others):
            return strengths.check(reading, i, others)
        texts = [fact for fact in reading.facts if fact.type in ("note", "visit")]
        if texts and strengths.holds(reading, i, texts):
            return strengths.check(reading, i, texts)
    if results:
        borne = values.check(reading, i, facts)
    else:
        wider = facts + [fact for fact in reading.facts if fact.type == "note" and fact not in facts]
        borne = strengths.check(reading, i, wider)
    if borne and mention and alone and any(f.type == "prescription" for f in borne):
        mention.facts = [fact for fact in mention.facts if fact in borne] or mention.facts
    return borne


def _measures_time(facts: list[Facts]) -> bool:
    return any(fact.unit is not None and fact.unit.kind == "time" for fact in facts)


_LENGTHS = [[unit] for unit in ("hour", "day", "week", "fortnight", "month", "year", "decade")]


def _is_length(reading: Reading, i: int) -> bool:
    """ "for a year", "about a month later", not "twice a day"."""
    unit = reading.after(i, 1)
    lead = set(reading.before(i, 2)) & {
        "for",
        "over",
        "lasted",
        "lasting",
        "after",
        "within",
        "about",
        "nearly",
        "almost",
    }
    return bool(lead) and unit[:1] in _LENGTHS


def _word(reading: Reading, i: int) -> None:
    norm = reading.tokens[i].norm
    if norm in NUMBER_WORDS:
        _number_word(reading, i)
    elif norm in deltas.FRACTIONS:
        deltas.check_fraction(reading, i)
    elif _is_length(reading, i):
        durations.check_word(reading, i, 1)


def _number_word(reading: Reading, i: int) -> None:
    count = counts.number_word(reading, i)
    if count is None:
        return
    following = reading.tokens[i + 1]
    unit = units.parse(following.norm) if following.kind == WORD else None
    kind = counts.counted(reading, i)
    if unit and unit.kind == "time":
        durations.check_word(reading, i, count)
    elif kind:
        counts.check(reading, i, count, kind)
    elif not any(number.value == count for fact in reading.facts for s in fact.sentences for number in s.numbers):
        reading.wrong(f"No cited row holds the number {reading.tokens[i].text}.", i)
