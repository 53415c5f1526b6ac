"""Who the claim is about: sex, age, name. A patient row among the rows, cited or not, speaks against the wrong ones."""

import re
from datetime import date

from core.verification import dates
from core.verification.facts import Facts, name_terms
from core.verification.reading import Reading
from core.verification.text import AGE, NUMBER, WORD, stem
from core.verification.words import FEMALE, MALE, STATED_SEX

_NUMBER = re.compile(r"\d+")
_NAME_PART = re.compile(r"[^\W\d_]+")
_UNITS = {"m": ("month", 30.4375), "w": ("week", 7.0), "d": ("day", 1.0)}


def check(reading: Reading) -> None:
    patient = next((f for f in (*reading.facts, *reading.others("patient")) if f.type == "patient"), None)
    _name(reading, patient)
    for i, token in enumerate(reading.tokens):
        if token.kind == AGE or (token.kind == NUMBER and _is_bare_age(reading, i)):
            _age(reading, i, patient)
        elif token.kind == WORD and (token.norm in MALE or token.norm in FEMALE) and not token.done:
            _sex(reading, i, patient)


def _sex(reading: Reading, i: int, patient: Facts | None) -> None:
    token = reading.tokens[i]
    said = "male" if token.norm in MALE else "female"
    sex = str(patient.fields.get("sex") or "").lower() if patient else ""
    sex = {"m": "male", "f": "female"}.get(sex, sex)
    if sex in ("male", "female"):
        if sex != said:
            reading.wrong(f"The patient is {sex}; the claim says “{token.text}”.", i, None, patient, sex)
        elif token.norm in STATED_SEX:
            reading.right(f"The patient is {sex}.", i, None, patient, sex)
    elif token.norm in STATED_SEX and not any(f.flags_of(stem(token.norm)) for f in reading.facts):
        reading.silent(f"No cited row gives the patient's sex (“{token.text}”).", i)


def _age(reading: Reading, i: int, patient: Facts | None) -> None:
    text = reading.tokens[i].text
    number = _NUMBER.search(text)
    if number is None:
        return
    said = int(number[0])
    if text[-1] in "mf" and text[:-1].isdigit():
        _short_sex(reading, i, patient, text[-1])
    if _in_notes(reading, said):
        reading.right(f"The cited note gives the age {said}.", i)
        return
    born = patient.day("born") if patient else None
    if born is None:
        reading.silent(f"No cited row gives the patient's age ({text}).", i)
        return
    held = _ages(reading, born, text)
    if said in held:
        reading.right(f"Born on {dates.say(born)}.", i, None, patient, dates.say(born))
    else:
        reading.wrong(f"The age does not fit the date of birth, {dates.say(born)}.", i, None, patient, dates.say(born))


def _is_bare_age(reading: Reading, i: int) -> bool:
    """ "she was 51 when", "the patient is 51"."""
    before, after = reading.before(i, 2), reading.after(i, 1)
    who = before[1:2] and before[1] in ("he", "she", "patient")
    return (
        bool(who)
        and before[0] in ("is", "was")
        and reading.tokens[i].text.isdigit()
        and after[:1] in (["when"], ["at"], ["on"], ["."], [], ["and"], ["years"])
    )


def _short_sex(reading: Reading, i: int, patient: Facts | None, letter: str) -> None:
    sex = str(patient.fields.get("sex") or "").lower()[:1] if patient else ""
    if sex and sex != letter:
        reading.wrong("The patient's sex is not the one the claim gives.", i, None, patient)


def _ages(reading: Reading, born: date, text: str) -> set[int]:
    """The patient's age on each day that the claim or its rows speak of, else today."""
    days = {day for fact in reading.facts for role, day in fact.days if role != "born"}
    days |= {
        d for token in reading.tokens for written in dates.written(token.text) for d in written[:2] if token.kind == 2
    }
    days = {day for day in days if day >= born} or {reading.on or date.today()}  # noqa: DTZ011 - an age needs a day
    unit = next((u for letter, u in _UNITS.items() if re.search(rf"\d[\s-]?{u[0]}", text) and letter), None)
    if unit:
        return {int((day - born).days / unit[1]) for day in days}
    return {dates.years_between(born, day) for day in days}


def _in_notes(reading: Reading, said: int) -> bool:
    for fact in reading.facts:
        for sentence in fact.sentences if fact.type != "patient" else ():
            if re.search(rf"(?<!\d){said}[\s-]*(?:year|yr|y/?o|month|week|day)", sentence.written.lower()):
                return True
    return False


def _name(reading: Reading, patient: Facts | None) -> None:
    if patient is None:
        return
    terms = name_terms(patient.names) | {
        stem(part.lower()) for name in patient.names for part in _NAME_PART.findall(name)
    }
    for token in reading.tokens:
        if token.kind == WORD and stem(token.norm) in terms and not token.done:
            token.done = True
