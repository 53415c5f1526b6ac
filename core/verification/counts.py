"""Counts: "three visits", "two results", "on four occasions since March"."""

from core.verification import dates, ranges
from core.verification.facts import Facts
from core.verification.reading import Mention, Reading
from core.verification.text import DATE, NUMBER, WORD
from core.verification.words import COUNTED, FILLER, NUMBER_WORDS, STATUS_WORDS

_REACH = 3
_VERBS = frozenset({"was", "were", "is", "are"})


def counted(reading: Reading, i: int) -> str | None:
    """The record type that the number at token `i` counts, "any" for occasions; None if it counts nothing."""
    for token in reading.tokens[i + 1 : i + 2 + _REACH]:
        if token.norm in COUNTED:
            return COUNTED[token.norm]
        if token.kind != WORD or token.norm in ("of", "was", "is", "and", "to", "on", "in"):
            return None
    return None


def check(reading: Reading, i: int, count: int, kind: str) -> None:
    mention = _counted_thing(reading, i)
    facts = (
        mention.facts if mention and (kind == "any" or any(f.type == kind for f in mention.facts)) else reading.facts
    )
    of_kind = [fact for fact in facts if kind in (fact.type, "any")]
    standing = _standing(reading, i)
    if standing:
        of_kind = [fact for fact in of_kind if (fact.standing == "active") is (standing == "active")]
    ranged = next((n for n in (i + 1, i + 2) if n < len(reading.tokens) and ranges.side(reading, n)), None)
    if ranged is not None:
        of_kind = [fact for fact in of_kind if ranges.standing(fact) == ranges.side(reading, ranged)]
        reading.done(ranged)
    since = _since(reading, i)
    if since:
        of_kind = [fact for fact in of_kind if (day := fact.first_day()) and day >= since]
    if len(of_kind) == count:
        reading.right(f"{count} cited rows are of this kind.", i)
    elif _said(facts, count):
        reading.right(f"The cited row says {count}.", i)
    else:
        reading.wrong(f"The claim counts {count}; {len(of_kind)} cited rows are of this kind.", i)


def _counted_thing(reading: Reading, i: int) -> Mention | None:
    """What is counted: "two HbA1c results", "three results of HbA1c"; nothing for a bare "two visits"."""
    for n in range(i + 1, min(i + 2 + 2 * _REACH, len(reading.tokens))):
        if reading.tokens[n].text in ":,;.(" or reading.tokens[n].kind == DATE or reading.tokens[n].norm in _VERBS:
            return None
        mention = next((m for m in reading.mentions if m.first == n), None)
        if mention is not None:
            return mention
    return None


def _standing(reading: Reading, i: int) -> str | None:
    """The standing in "two active conditions"."""
    return next((STATUS_WORDS[word] for word in reading.after(i, 2) if word in STATUS_WORDS), None)


def _since(reading: Reading, i: int) -> dates.date | None:
    for at, token in enumerate(reading.tokens):
        if token.kind == DATE and reading.before(at, 1) == ["since"] and at > i:
            found = dates.written(token.text)
            reading.done(at)
            return found[0].first if found else None
    return None


def _said(facts: list[Facts], count: int) -> bool:
    return any(
        number.value == count for fact in facts if fact.type == "note" for s in fact.sentences for number in s.numbers
    )


def number_word(reading: Reading, i: int) -> int | None:
    """The number that a word writes where it counts or measures ("three weeks"), not where it is a pronoun."""
    token = reading.tokens[i]
    if token.kind != WORD or token.norm not in NUMBER_WORDS:
        return None
    following = reading.tokens[i + 1] if i + 1 < len(reading.tokens) else None
    if following is None or following.kind == NUMBER:
        return None
    if following.norm in _TIMES and token.norm not in ("once", "twice"):
        return NUMBER_WORDS[token.norm]
    if token.norm in ("one", "single", "once", "twice", "zero") and counted(reading, i) is None:
        return None
    return (
        NUMBER_WORDS[token.norm]
        if following.norm not in FILLER or counted(reading, i) or following.norm in _TIMES
        else None
    )


_TIMES = frozenset({"day", "days", "week", "weeks", "month", "months", "year", "years", "hours", "hour"})
