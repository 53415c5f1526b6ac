"""The amounts of a medicine: what its name holds, what is taken of it, and what one syringe or puff holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.verification.cited import Cited
from core.verification.evaluators import quantities
from core.verification.grammar.chunk import Quantity
from core.verification.row_names import Amount, named
from core.verification.statements import Subject
from core.verification.vocabulary import UNITS
from core.verification.vocabulary.spelling import norms_of, stem

GRAM = UNITS["g"]
BOUNDS = frozenset({"<=", ">="})
_LIMIT = re.compile(
    r"\b(?:at most|max(?:imum)?(?: of)?|up to|(?:no|not) more than|do not (?:take|exceed)(?: more than)?)"
    r" ((?:\d[\d.,]*|one|two|three|four|six|eight) ?[a-z]+)"
    r" (?:a|per|each|every|in(?: any| a| one)?) (day|24 hours|24 h|week)\b",
    re.IGNORECASE,
)
_PERIODS = {"week": "1/w"}


def compares(said: Quantity, amount: Amount) -> bool:
    return bool(amount.unit and said.unit and amount.unit.kind == said.unit.kind)


def has_amount(said: Quantity, subject: Subject, row: Cited) -> bool:
    """Whether an amount is one of the row's, or that of all its ingredients: "piperacillin-tazobactam 4.5 g"."""
    mine = of_row(subject, row)
    return any(is_same(said, amount) for amount in mine) or is_total(said, mine)


def is_total(said: Quantity, mine: list[Amount]) -> bool:
    parts = {amount.part: amount for amount in mine if amount.part >= 0 and amount.unit and amount.unit.kind == "mass"}
    sizes = [amount.value * amount.unit.size for amount in parts.values() if amount.unit]
    if len(sizes) < 2 or said.unit is None or said.unit.kind != "mass":
        return False
    return abs(sum(sizes) - said.value * said.unit.size) <= 1e-6


def of_row(subject: Subject, row: Cited) -> list[Amount]:
    own = (*row.name.amounts, *_of_unit(row.name.amounts), *taken(row))
    return [amount for amount in own if _of_part(amount, subject, row)]


def _of_unit(amounts: Sequence[Amount]) -> Iterator[Amount]:
    """What one syringe or puff holds: 40 mg of "0.4 ML ... 100 MG/ML", 44 mcg of "0.044 MG/ACTUAT"."""
    held = {"mass per actuation": 1.0, "mass concentration": _volume(amounts)}
    for amount in amounts:
        if amount.unit and (volume := held.get(amount.unit.kind)):
            yield Amount(amount.value * amount.unit.size / 1000 * volume, GRAM, amount.part)


def _volume(amounts: Sequence[Amount]) -> float | None:
    """The one volume of a name, in millilitres."""
    found = [amount.value * amount.unit.size for amount in amounts if amount.unit and amount.unit.kind == "volume"]
    return found[0] if len(found) == 1 else None


def _of_part(amount: Amount, subject: Subject, row: Cited) -> bool:
    """Of a medicine of several ingredients, whether the amount is of the one that is named; a brand is all of them."""
    parts, is_brand = row.name.parts, any(term.startswith("brand:") for term in subject.terms)
    if is_brand or len(parts) < 2 or not 0 <= amount.part < len(parts):
        return True
    terms = {stem(norm) for norm in norms_of(subject.words)} | subject.terms
    mine = [n for n, part in enumerate(parts) if not terms.isdisjoint(part)]
    return not mine or amount.part in mine


def is_same(said: Quantity, amount: Amount) -> bool:
    if said.unit is None or amount.unit is None:
        return said.value == amount.value and said.unit is None
    return bool(quantities.same(said._replace(step=1e-6), amount.value, amount.unit))


def _text(row: Cited) -> str:
    return " ".join(str(row.fields[f]) for f in ("dose", "instructions") if row.fields.get(f))


def without_limits(text: str) -> str:
    """A text without what it says is the most of a day: "at most 8 tablets a day" is no dose, and no frequency."""
    return _LIMIT.sub(" ", text)


def _limits(row: Cited) -> Iterator[tuple[Amount, str]]:
    """The most that may be taken, and in what time."""
    for found in _LIMIT.finditer(_text(row)):
        for amount in named((found[1],), None, "dose").amounts:
            yield amount, _PERIODS.get(found[2].lower(), "1/d")


def is_bound(said: Quantity, row: Cited) -> bool:
    """Whether an amount is the most that the row allows, in its instructions or as the larger of two doses."""
    if said.sign != "<=":
        return False
    own = [amount for amount in taken(row) if compares(said, amount)]
    most = max(own, key=lambda a: a.value * (a.unit.size if a.unit else 1.0), default=None)
    by_dose = most is not None and len(own) > 1 and is_same(said, most)
    return by_dose or limited_over(said, row) is not None


def limited_over(said: Quantity, row: Cited) -> str | None:
    """How often a limit of that amount counts from nought, as the row says it; None if the row has no such limit."""
    bare = said._replace(sign="")
    return next((period for amount, period in _limits(row) if is_same(bare, amount)), None)


def taken(row: Cited) -> Iterator[Amount]:
    text = without_limits(_text(row))
    for amount in named((text,), None, "dose").amounts if text else ():
        yield amount._replace(part=-1)
