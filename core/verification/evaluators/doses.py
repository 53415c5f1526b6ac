"""The amounts of a medicine: what its name holds, what is taken of it, and what one syringe or puff holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.verification.cited import Cited
from core.verification.evaluators import quantities
from core.verification.grammar.chunk import Quantity
from core.verification.row_names import Amount, named
from core.verification.statements import Subject
from core.verification.vocabulary import UNITS
from core.verification.vocabulary.spelling import norms_of, stem

GRAM = UNITS["g"]


def compares(said: Quantity, amount: Amount) -> bool:
    return bool(amount.unit and said.unit and amount.unit.kind == said.unit.kind)


def has_amount(said: Quantity, subject: Subject, row: Cited) -> bool:
    """Whether an amount is one of the row's, or that of all its ingredients: "piperacillin-tazobactam 4.5 g"."""
    mine = of_row(subject, row)
    return any(is_same(said, amount) for amount in mine) or _is_total(said, mine)


def _is_total(said: Quantity, mine: list[Amount]) -> bool:
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


def taken(row: Cited) -> Iterator[Amount]:
    text = " ".join(str(row.fields[f]) for f in ("dose", "instructions") if row.fields.get(f))
    for amount in named((text,), None, "dose").amounts if text else ():
        yield amount._replace(part=-1)
