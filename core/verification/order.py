"""Which came first: "from A to B", "B, up from A", "latest", "previous"."""

from datetime import date
from itertools import pairwise

from core.verification import dates
from core.verification.facts import Facts
from core.verification.reading import Reading
from core.verification.text import DATE, NUMBER, PAIR
from core.verification.words import NUMBER_WORDS

_LATEST = frozenset({"latest", "recent", "newest", "last"})
_FIRST = frozenset({"first", "earliest", "initial", "baseline", "initially"})
_PREVIOUS = frozenset({"previous", "previously", "prior"})
_BACKWARD = frozenset({"from", "versus", "vs", "against"})


def check(reading: Reading, borne: dict[int, list[Facts]]) -> None:
    _from_to(reading, borne)
    for i, token in reading.having(_LATEST | _FIRST):
        if not _is_span(reading, i):
            _place(reading, i, borne, latest=token.norm in _LATEST)
    for i, _ in reading.having(_PREVIOUS):
        _previous(reading, i, borne)


def _from_to(reading: Reading, borne: dict[int, list[Facts]]) -> None:
    numbers = [i for i in borne if reading.tokens[i].kind in (NUMBER, PAIR)]
    for a, b in pairwise(numbers):
        if reading.sentence(a) != reading.sentence(b) or not _same_kind(borne[a], borne[b]):
            continue
        words = [reading.tokens[n].norm for n in range(a + 1, b)]
        if _preceded(reading, a, "from") and ("to" in words or "-" in words):
            earlier, later = a, b
        elif words and (words[-1] in _BACKWARD or words[-2:] in (["compared", "with"], ["compared", "to"])):
            earlier, later = b, a
        else:
            continue
        if not _can_precede(borne[earlier], borne[later]):
            shown = reading.tokens[earlier].text.strip()
            reading.wrong(f"{shown} is not the earlier of the two values.", a, b + 1, borne[earlier][0])


def _preceded(reading: Reading, i: int, word: str) -> bool:
    return word in reading.before(i, 2)


def _same_kind(first: list[Facts], second: list[Facts]) -> bool:
    return (first[0].assay or first[0].type) == (second[0].assay or second[0].type)


def _can_precede(earlier: list[Facts], later: list[Facts]) -> bool:
    """Whether some row of the one is older than some row of the other; undated rows and one and the same may be."""
    pairs = [(a, b) for a in earlier for b in later if a is not b]
    if not pairs:
        return True
    days = [(a.first_day(), b.first_day(), a, b) for a, b in pairs]
    return any(a is None or b is None or _moment(fa, a) < _moment(fb, b) for a, b, fa, fb in days)


def _series(fact: Facts) -> tuple[str, str]:
    """What rows are in one order: values of one test, all visits."""
    return fact.type, fact.type if fact.type in ("visit", "note") else fact.assay or fact.name


def _moment(fact: Facts, day: date) -> tuple[str, str]:
    return day.isoformat(), str(fact.fields.get("observed_at") or fact.fields.get("started_at") or "")


def _previous(reading: Reading, i: int, borne: dict[int, list[Facts]]) -> None:
    """ "8.9 %, previously 7.2 %": the value after the word is the earlier one."""
    numbers = [n for n in borne if reading.sentence(n) == reading.sentence(i) and borne[n][0].type == "observation"]
    after, before = [n for n in numbers if n > i], [n for n in numbers if n < i]
    if not after or not before:
        return
    reading.done(i)
    if not _can_precede(borne[after[0]], borne[before[-1]]):
        reading.wrong(
            f"{reading.tokens[after[0]].text.strip()} is not the earlier of the two values.",
            i,
            None,
            borne[after[0]][0],
        )


def _is_span(reading: Reading, i: int) -> bool:
    """ "last month", "last for": not a place in an order."""
    return bool(
        reading.tokens[i].norm == "last" and set(reading.after(i, 1)) & {"month", "week", "year", "for", "until"}
    )


def _of_its_date(reading: Reading, i: int, facts: list[Facts]) -> list[Facts]:
    """ "The last visit was in May": the rows of that date, if the sentence gives one."""
    written = [dates.written(reading.tokens[n].text) for n in reading.span_of(i) if reading.tokens[n].kind == DATE]
    if len(written) != 1:
        return facts
    return [f for f in facts if (day := f.first_day()) and any(d.holds(day) for d in written[0])] or facts


def _place(reading: Reading, i: int, borne: dict[int, list[Facts]], latest: bool) -> None:
    after = [n for n in borne if n > i and reading.sentence(n) == reading.sentence(i)]
    mention = next((m for m in reading.mentions if m.first > i and m.first - i <= 4), None) or reading.mention_of(i)
    several = bool(set(reading.before(i, 3)) & NUMBER_WORDS.keys()) or reading.tokens[i - 1].kind == NUMBER
    stated = list(dict.fromkeys(fact for n in (after if several else after[:1]) for fact in borne[n]))
    facts = stated or _of_its_date(reading, i, mention.facts if mention else reading.facts)
    if not facts or len({_series(fact) for fact in facts}) > 1:
        return
    kin = [f for f in (*reading.facts, *reading.others(facts[0].type)) if _series(f) == _series(facts[0])]
    days = [day for f in kin if (day := f.first_day())]
    mine = [day for f in facts if (day := f.first_day())]
    if not days or not mine:
        return
    if latest and max(mine) < max(days):
        reading.wrong(f"There is a later {facts[0].name} than the one stated.", i, None, facts[0])
    elif not latest and min(mine) > min(days) and len(kin) > len(facts):
        reading.wrong(f"There is an earlier {facts[0].name} than the one stated.", i, None, facts[0])
    reading.done(i)
