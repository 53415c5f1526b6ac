"""CodeableConcepts: their words, and the coding that is kept, always with its system."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from core.interchange import absence
from core.interchange.fhir.bundles import dig, each
from core.interchange.fhir.code_names import LOINC, SNOMED, code_alone, spelled
from core.interchange.source_values import text

# A system of codes that all say that something is not there or not known.
ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
# Systems of codes that say why there is no code: unknown, masked, not asked.
UNTOLD = frozenset(
    ("http://terminology.hl7.org/CodeSystem/data-absent-reason", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
     "http://hl7.org/fhir/v3/NullFlavor", "http://hl7.org/fhir/data-absent-reason", "urn:oid:2.16.840.1.113883.5.1008")
)  # fmt: skip
# HL7's null flavors, as they come in the place of words; "NA" and "NI" stand for a test or a unit as well.
NULL_WORDS = frozenset(("UNK", "ASKU", "NASK", "NAV", "NAVU", "MSK"))
NO_VALUES = NULL_WORDS | {"NA", "NI", "N/A"}
HL7 = (
    "http://terminology.hl7.org/", "https://terminology.hl7.org/", "http://hl7.org/", "urn:oid:2.16.840.1.113883.4.642",
    "urn:oid:2.16.840.1.113883.5.", "urn:oid:2.16.840.1.113883.12.", "urn:oid:2.16.840.1.113883.18.",
)  # fmt: skip
# "No known allergy" and the like: SNOMED CT's codes for what isn't there.
SNOMED_ABSENT = frozenset(
    ("716186003", "409137002", "428607008", "428197003", "429625007", "160244002", "160245001", "1003774007",
     "409136006", "787481004", "1234910001", "787479001", "64970000", "608838007", "716220001", "716184000")
)  # fmt: skip


def system_of(coding: Any) -> str | None:
    """A coding's system, in the spelling that FHIR gives it."""
    system = dig(coding, "system")
    return spelled(system) if isinstance(system, str) and system else None


def codings(concept: Any) -> list[Any]:
    """The codings that have a code."""
    found = each(dig(concept, "coding"))
    return [
        one
        for one in found
        if isinstance(dig(one, "code"), str)
        and dig(one, "system") not in UNTOLD
        and (one.get("system") or one["code"] not in NULL_WORDS)
    ]


def is_untold(value: Any) -> bool:
    """Whether a value says only why there is none: a null flavor, coded or in words."""
    if isinstance(value, str):
        return value.strip() in NO_VALUES
    if not isinstance(value, dict) or not ("coding" in value or "text" in value):
        return False
    words = dig(value, "text")
    if isinstance(words, str) and words.strip() not in NO_VALUES:
        return False
    found = each(dig(value, "coding"))
    return all(dig(one, "system") in UNTOLD or (dig(one, "display") or dig(one, "code")) in NO_VALUES for one in found)


def chosen(concept: Any, preferred: Sequence[str] = ()) -> Any:
    """The coding that stands for a concept: of a preferred system if any, else the user's choice or the first."""
    found = codings(concept)
    for system in preferred:
        for coding in found:
            if system_of(coding) == system:
                return coding
    return next((coding for coding in found if dig(coding, "userSelected") is True), found[0] if found else None)


def code_of(concept: Any, preferred: Sequence[str] = ()) -> str | None:
    """The chosen coding's code."""
    return text(dig(chosen(concept, preferred), "code"), 64, "code")


def wording(concept: Any) -> str | None:
    """The words of a CodeableConcept: its text, a display, or else its code."""
    words = _words(concept)
    if words is not None:
        return words
    coding = chosen(concept)
    return code_alone(coding["code"], system_of(coding)) if coding is not None else None


def _words(concept: Any) -> str | None:
    """The text of a concept, else a display; None if it has a code alone."""
    if _is_text(concept):
        return str(concept["text"])
    words = _display(concept)
    return words if isinstance(words, str) and _is_worded(words, concept) else None


def _is_worded(words: str, concept: Any) -> bool:
    """Whether words are more than a null flavor or the number that is the code itself."""
    words = words.strip()
    if not words or words in NULL_WORDS:
        return False
    # The first character decides nearly always: a bundle has many thousand concepts.
    return not words[0].isdigit() or all(dig(one, "code") != words for one in each(dig(concept, "coding")))


def has_words(concept: Any) -> bool:
    """Whether a concept has a text or a display, not a code alone."""
    return _words(concept) is not None


def all_named(concept: Any) -> str | None:
    """The words of a concept, those of further codes too where one system names things that share no word.

    The codings of a concept should mean the same; where they don't, one of two medicines must not be hidden.
    """
    if _is_text(concept):
        return wording(concept)
    told = [coding for coding in each(dig(concept, "coding")) if _is_told(coding)]
    if len(told) < 2 or any(dig(coding, "userSelected") is True for coding in told):
        return wording(concept)
    names = [str(told[0]["display"])]
    for coding in told[1:]:
        words = str(coding["display"])
        is_other = system_of(coding) == system_of(told[0]) and coding.get("code") != told[0].get("code")
        if is_other and all(_long_words(words).isdisjoint(_long_words(name)) for name in names):
            names.append(words)
    return "; ".join(names)


def _long_words(words: str) -> set[str]:
    return {word for word in re.findall(r"\w+", words.lower()) if len(word) > LONG_CHARS}


LONG_CHARS = 3


def _is_text(concept: Any) -> bool:
    words = dig(concept, "text")
    return isinstance(words, str) and _is_worded(words, concept)


def _display(concept: Any) -> Any:
    """The display of the coding that somebody chose, else of the first that has one."""
    told = [coding for coding in each(dig(concept, "coding")) if _is_told(coding)]
    own = next((coding for coding in told if dig(coding, "userSelected") is True), None)
    return dig(own or (told[0] if told else None), "display")


def _is_told(coding: Any) -> bool:
    return bool(dig(coding, "display")) and dig(coding, "system") not in UNTOLD


def kept(concept: Any) -> list[list[str | None]]:
    """All codings as (system, code, display), for an export that says what came in."""
    return [
        [system_of(coding), coding["code"], display if isinstance(display := dig(coding, "display"), str) else None]
        for coding in codings(concept)
    ]


class Understood(NamedTuple):
    """What a CodeableConcept says: its words, the LOINC coding or else the chosen one, and all codings."""

    words: str | None
    coding: Any
    kept: list[list[str | None]]


def understood(concept: Any) -> Understood:
    """What the concept of a test says; a bundle repeats few concepts many times, so they are remembered."""
    key = _key(concept)
    if key is None:
        return Understood(_name(concept), chosen(concept, (LOINC,)), kept(concept))
    if key not in _UNDERSTOOD:
        if len(_UNDERSTOOD) >= UNDERSTOOD_MAX:
            _UNDERSTOOD.clear()
        _UNDERSTOOD[key] = Understood(_name(concept), chosen(concept, (LOINC,)), kept(concept))
    return _UNDERSTOOD[key]


def _name(concept: Any) -> str | None:
    """The words of a test. A dash names none, though as a result it may say "negative"."""
    words = wording(concept)
    if words is None or any(map(str.isalnum, words)):
        return words
    return wording({"coding": dig(concept, "coding")})


UNDERSTOOD_MAX = 2_000
_UNDERSTOOD: dict[tuple[Any, ...], Understood] = {}
_PARTS = ("system", "code", "display", "userSelected")


def _key(concept: Any) -> tuple[Any, ...] | None:
    """All that counts in a concept, None of one that is built unusually."""
    found = dig(concept, "coding")
    if not isinstance(found, list) or not all(isinstance(coding, dict) for coding in found):
        return None
    parts = [concept.get("text"), *(coding.get(name) for coding in found for name in _PARTS)]
    return tuple(parts) if all(part is None or isinstance(part, str | bool) for part in parts) else None


def status_of(resource: Any, name: str) -> str | None:
    """The code of a status that is a CodeableConcept: HL7's own before a vendor's; without a coding, its words."""
    concept = dig(resource, name)
    found = codings(concept)
    coding = min(found, key=_rank) if len(found) > 1 else found[0] if found else None
    if coding is not None:
        own = _rank(coding) < _VENDORS
        return str(coding["code"] if own else dig(coding, "display") or coding["code"]).strip().lower()
    words = dig(concept, "text")
    return "-".join(words.lower().split()) or None if isinstance(words, str) else None


def is_hl7(coding: Any) -> bool:
    """Whether a coding's code is one of HL7's own code systems; so is one that names no system."""
    return _rank(coding) < _VENDORS


_VENDORS = 2


def _rank(coding: Any) -> int:
    return _rank_of(system_of(coding))


@lru_cache(maxsize=2_000)
def _rank_of(system: str | None) -> int:
    if system is None:
        return 1
    return 0 if system.startswith(HL7) else _VENDORS


def is_absence(concept: Any) -> bool:
    """Whether a concept states that something is not there or not known."""
    for coding in codings(concept):
        system, code = system_of(coding), coding["code"]
        if system == ABSENT or (system == SNOMED and code in SNOMED_ABSENT):
            return True
    told = [wording(concept), *(dig(coding, "display") for coding in each(dig(concept, "coding")))]
    return any(absence.in_words(words) for words in told if isinstance(words, str))
