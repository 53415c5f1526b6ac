"""What to ask before a medicine is ordered: of an allergy, of the same one taken already, of an unusual dose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.services.medicine_table import found_in, groups_in, telling_words

AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?)\s*(micrograms?|mcg|ug|µg|mg|g)(?![a-z])", re.IGNORECASE)
PIECES = re.compile(r"(\d+(?:[.,]\d+)?|half|one|two|three|four)\s*(?:an?\s+)?(?:tab|cap|pill)", re.IGNORECASE)
TIMES = re.compile(r"(\d+|two|three|four|five|six)\s*(?:times|x|×)", re.IGNORECASE)
EVERY = re.compile(r"every\s*(\d+)\s*h", re.IGNORECASE)
WEEKLY = re.compile(r"\bweek(?:ly)?\b", re.IGNORECASE)
NUMBERS = {"half": "0.5", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
MG = {"g": Decimal(1000), "mg": Decimal(1)}
MICROGRAM = Decimal("0.001")
DAILY = (("twice", 2), ("bd", 2), ("bid", 2), ("thrice", 3), ("tds", 3), ("tid", 3), ("qds", 4), ("qid", 4))


@dataclass(frozen=True)
class Ordered:
    """A medicine as it is ordered, or taken."""

    medication: str
    dose: str = ""
    frequency: str = ""


def questions(new: Ordered, *, allergies: Sequence[str], current: Sequence[Ordered]) -> list[str]:
    """What to ask before this medicine is ordered; nothing if nothing surprises."""
    return [*_allergies(new, allergies), *_duplicates(new, current), *_dose(new)]


def _allergies(new: Ordered, allergies: Iterable[str]) -> Iterator[str]:
    known, words = {one.name for one in found_in(new.medication)}, telling_words(new.medication)
    groups = groups_in(new.medication)
    for allergy in allergies:
        same = known & {one.name for one in found_in(allergy)} or words & telling_words(allergy)
        shared = sorted(groups & groups_in(allergy))
        if same:
            yield f"The patient is allergic to this: {allergy}."
        elif shared:
            yield f"The patient has an allergy to {allergy}, and {new.medication} is of the same class ({shared[0]})."


def _duplicates(new: Ordered, current: Iterable[Ordered]) -> Iterator[str]:
    known, groups = {one.name for one in found_in(new.medication)}, groups_in(new.medication)
    for one in current:
        others = {other.name for other in found_in(one.medication)}
        shared = sorted(groups & groups_in(one.medication))
        if known & others or (_first_words(new) and _first_words(new) == _first_words(one)):
            yield f"It is taken already: {_words(one)}."
        elif shared:
            yield f"Another medicine of its class ({shared[0]}) is taken already: {_words(one)}."


def _first_words(one: Ordered) -> str:
    """Of a medicine that the table lacks, its name without strengths."""
    return " ".join(re.split(r"\d", one.medication.casefold())[0].split())


def _words(one: Ordered) -> str:
    return ", ".join(filter(None, (one.medication, one.dose, one.frequency)))


def _dose(new: Ordered) -> Iterator[str]:
    known = found_in(new.medication)
    if len(known) != 1 or known[0].most_mg is None:
        return
    one, most = known[0], known[0].most_mg
    if one.is_weekly and not WEEKLY.search(f"{new.dose} {new.frequency}"):
        yield f"{one.name.capitalize()} each day? For all but cancer it is taken once a week (source: {one.source})."
        return
    taken, span = daily_mg(new), "week" if one.is_weekly else "day"
    if taken is not None and taken > most:
        usual = f"An adult usually takes {_mg(most)} mg of {one.name} at most"
        yield f"{_mg(taken)} mg in a {span}? {usual} (source: {one.source})."


def daily_mg(one: Ordered) -> Decimal | None:
    """How much is taken in a day, as far as the words tell; a frequency that is not understood counts as once."""
    each = _amount(one.dose)
    if each is None:
        strength, pieces = _amount(one.medication), PIECES.search(one.dose)
        if strength is None:
            return None
        each = strength * (_number(pieces[1]) if pieces else 1)
    return each * _times(one.frequency or one.dose)


def _amount(text: str) -> Decimal | None:
    found = AMOUNT.search(text)
    return _number(found[1]) * MG.get(found[2].lower(), MICROGRAM) if found else None


def _times(frequency: str) -> Decimal:
    lowered = frequency.casefold()
    if (every := EVERY.search(lowered)) and int(every[1]) > 0:
        return Decimal(24) / int(every[1])
    if times := TIMES.search(lowered):
        return _number(times[1])
    return Decimal(next((count for word, count in DAILY if re.search(rf"\b{word}\b", lowered)), 1))


def _number(text: str) -> Decimal:
    return Decimal(NUMBERS.get(text.lower(), text).replace(",", "."))


def _mg(amount: Decimal) -> str:
    return f"{round(amount, 3).normalize():f}"
