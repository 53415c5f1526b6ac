"""Numbers that stand in a row's text: strengths and doses of medicines, numbers in notes, names and answers."""

from core.verification import dates
from core.verification.facts import Facts
from core.verification.prose import Sentence, TextNumber
from core.verification.quantities import Quantity, in_unit_of
from core.verification.reading import Reading
from core.verification.text import NUMBER, WORD, stem
from core.verification.words import FILLER

_REACH = 3
_JOINING = frozenset({"type", "stage", "grade", "class", "phase", "nyha", "covid", "degree"})


def check(reading: Reading, i: int, facts: list[Facts]) -> list[Facts]:
    """Check number token `i` against the text of rows; the rows that hold it beside the same words."""
    quantity = reading.quantity(i)
    anchors = _anchors(reading, i)
    led = next(iter(reading.before(i, 1)), "")
    for fact in facts:
        found = _find(fact, quantity, anchors, led)
        if found:
            reading.right(f"The cited row says {found.written}.", i, fact=fact, quote=found.written)
            return [other for other in facts if _find(other, quantity, anchors, led)]
    _say_wrong(reading, i, quantity, facts)
    return []


def holds(reading: Reading, i: int, facts: list[Facts]) -> Facts | None:
    """The row whose text holds number token `i` beside the same words, if any; nothing is recorded."""
    return holds_quantity(reading, i, reading.quantity(i), facts)


def holds_quantity(reading: Reading, i: int, quantity: Quantity, facts: list[Facts]) -> Facts | None:
    """The same for a quantity that token `i` writes otherwise: "six weeks", "6/52"."""
    anchors = _anchors(reading, i)
    led = next(iter(reading.before(i, 1)), "")
    return next((fact for fact in facts if _find(fact, quantity, anchors, led)), None)


Anchors = tuple[list[tuple[str, ...]], list[tuple[str, ...]]]


def _anchors(reading: Reading, i: int) -> Anchors:
    """The words that matter before and after a number in its sentence, nearest first, as stems and meanings."""
    span = reading.span_of(i)
    before = [_terms(reading, n) for n in range(i - 1, span.start - 1, -1) if _matters(reading, n)]
    after = [_terms(reading, n) for n in range(i + 1, span.stop) if _matters(reading, n)]
    return before, after


def _terms(reading: Reading, n: int) -> tuple[str, ...]:
    return (stem(reading.tokens[n].norm), *(m for first, end, m in reading.phrases or () if first <= n < end))


def _matters(reading: Reading, n: int) -> bool:
    token = reading.tokens[n]
    return (token.kind == WORD and token.norm not in FILLER) or token.norm in _JOINING


def _find(fact: Facts, quantity: Quantity, anchors: Anchors, led: str) -> TextNumber | None:
    """`led` is the word before the claim's number: what comes after "from" in the row is not what comes after "to"."""
    before, after = ([a for a in side if any(t in s.places for t in a for s in fact.sentences)] for side in anchors)
    near = (before or after)[:1]
    for sentence in fact.sentences:
        for number in sentence.numbers:
            if _agrees(quantity, number) and _beside(sentence, number, near, fact.type) and _led(sentence, number, led):
                return number
    return None


def _agrees(quantity: Quantity, number: TextNumber) -> bool:
    found = in_unit_of(quantity, number.value, number.unit, None)
    return found is not None and quantity.agrees(*found)


def _beside(sentence: Sentence, number: TextNumber, near: list[tuple[str, ...]], kind: str) -> bool:
    """Whether the claim's nearest word that the row holds has this number in the row."""
    if not near or (kind == "prescription" and len(sentence.numbers) == 1):
        return True
    return any(_belongs(sentence, number, place) for term in near[0] for place in sentence.places.get(term, ()))


def _belongs(sentence: Sentence, number: TextNumber, place: int) -> bool:
    """Whether a word's number is this one: the first of its kind after it, or the one before in "500 mg of"."""
    kind = number.unit.kind if number.unit else None
    alike = [other for other in sentence.numbers if (other.unit.kind if other.unit else None) == kind]
    before = [other for other in alike if other.place < place]
    after = [other for other in alike if other.place > place]
    if before and before[-1].place + 1 in sentence.places.get("of", ()) and place - before[-1].place <= _REACH:
        return number.place == before[-1].place
    if number in after[1:2] and number.place - 1 in sentence.places.get("to", ()):
        return True
    return number.place == (after[0] if after else before[-1]).place


def _led(sentence: Sentence, number: TextNumber, led: str) -> bool:
    other = {"from": "to", "to": "from"}.get(led)
    return other is None or number.place - 1 not in sentence.places.get(other, ())


def _say_wrong(reading: Reading, i: int, quantity: Quantity, facts: list[Facts]) -> None:
    written = reading.tokens[i].text.strip()
    said = [
        (fact, number.written) for fact in facts for sentence in fact.sentences for number in sentence.numbers
        if number.unit and quantity.unit and number.unit.kind == quantity.unit.kind
    ]  # fmt: skip
    if said:
        fact, other = said[0]
        reading.wrong(
            f"The claim says {written}; the cited row says {other.strip()}.", i, fact=fact, quote=other.strip()
        )
    else:
        reading.wrong(f"No cited row holds the number {written} in this place.", i, fact=facts[0] if facts else None)


def holds_year(reading: Reading, i: int, facts: list[Facts]) -> bool:
    """Whether number token `i` is a year, like "in 2014", of one of the rows' dates."""
    token = reading.tokens[i]
    if token.kind != NUMBER or not token.text.strip().isdigit() or not 1900 <= int(token.text) <= 2100:
        return False
    year = dates.written(token.text.strip())
    return any(days.holds(day) for days in year for fact in facts for _, day in fact.days)
