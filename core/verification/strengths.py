"""Numbers that stand in a row's text: strengths and doses of medicines, numbers in notes, names and answers."""

from core.verification import dates
from core.verification.facts import Facts
from core.verification.prose import Sentence, TextNumber
from core.verification.quantities import Quantity, in_unit_of, read
from core.verification.reading import Reading
from core.verification.text import NUMBER, WORD, stem
from core.verification.words import FILLER

_JOINING = frozenset({"type", "stage", "grade", "class", "phase", "nyha", "covid", "degree"})


def check(reading: Reading, i: int, facts: list[Facts]) -> list[Facts]:
    """Check number token `i` against the text of rows; the rows that hold it beside the same words."""
    quantity = read(reading.tokens[i], reading.before(i))
    anchors = _anchors(reading, i)
    for fact in facts:
        found = _find(fact, quantity, anchors)
        if found:
            reading.right(f"The cited row says {found.written}.", i, fact=fact, quote=found.written)
            return [other for other in facts if _find(other, quantity, anchors)]
    _say_wrong(reading, i, quantity, facts)
    return []


def holds(reading: Reading, i: int, facts: list[Facts]) -> Facts | None:
    """The row whose text holds number token `i` beside the same words, if any; nothing is recorded."""
    quantity = read(reading.tokens[i], reading.before(i))
    anchors = _anchors(reading, i)
    return next((fact for fact in facts if _find(fact, quantity, anchors)), None)


def _anchors(reading: Reading, i: int) -> tuple[list[str], list[str]]:
    """The stems of the words that matter before and after a number, nearest first, within its sentence."""
    span = reading.span_of(i)
    before = [stem(t.norm) for t in reading.tokens[span.start : i] if _matters(t.kind, t.norm)][::-1]
    after = [stem(t.norm) for t in reading.tokens[i + 1 : span.stop] if _matters(t.kind, t.norm)]
    return before, after


def _matters(kind: int, norm: str) -> bool:
    return kind == WORD and norm not in FILLER or norm in _JOINING


def _find(fact: Facts, quantity: Quantity, anchors: tuple[list[str], list[str]]) -> TextNumber | None:
    for sentence in fact.sentences:
        for number in sentence.numbers:
            if _agrees(quantity, number) and _beside(sentence, number, anchors, fact.type):
                return number
    return None


def _agrees(quantity: Quantity, number: TextNumber) -> bool:
    found = in_unit_of(quantity, number.value, number.unit, None)
    return found is not None and quantity.agrees(*found)


def _beside(sentence: Sentence, number: TextNumber, anchors: tuple[list[str], list[str]], kind: str) -> bool:
    """Whether the nearest word of the claim stands with this number in the row, no number of its kind between them."""
    before, after = anchors
    near = [a for a in before if a in sentence.places][:1] or [a for a in after if a in sentence.places][:1]
    if kind == "prescription" and len(sentence.numbers) == 1:
        return True
    if not near:
        return kind == "prescription" or not (before or after)
    return any(not _rival_between(sentence, number, place) for place in sentence.places[near[0]])


def _rival_between(sentence: Sentence, number: TextNumber, place: int) -> bool:
    low, high = sorted((number.place, place))
    kind = number.unit.kind if number.unit else None
    return any(
        low < other.place < high and (other.unit.kind if other.unit else None) == kind for other in sentence.numbers
    )


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
