"""How a laboratory itself judges a value: its flag, and the range that it gave with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from core.interchange.fhir.bundles import dig, each
from core.interchange.fhir.concepts import codings, is_hl7, is_untold, wording
from core.interchange.fhir.dosage import span
from core.interchange.fhir.quantities import Value, unit_of
from core.interchange.flags import flag_of
from core.interchange.source_values import number
from core.queries.reference_ranges import UsualRange

FLAGS = {
    "N": "N", "H": "H", "HH": "HH", "L": "L", "LL": "LL", "A": "A", "AA": "AA", "HU": "HH", "LU": "LL", "H>": "HH",
    "L<": "LL", "ABN": "A", "POS": "POS", "NEG": "NEG", "IND": "IND", "R": "R", "S": "S", "I": "I", "DET": "DET",
    "ND": "ND", "E": "E", "<": "L", ">": "H", "HX": "HH", "LX": "LL", "RR": "POS", "WR": "POS", "NR": "NEG", "NS": "R",
    "SYN-R": "R", "SYN-S": "S", "SDD": "I",
}  # fmt: skip
# What laboratories write in words, or as codes of their own.
WORDS = {
    "normal": "N", "within range": "N", "in range": "N", "high": "H", "above": "H", "above high normal": "H",
    "above range": "H", "above reference range": "H", "hi": "H", "elevated": "H", "low": "L", "below": "L",
    "below low normal": "L", "below range": "L", "below reference range": "L", "lo": "L", "critical high": "HH",
    "critically high": "HH", "panic high": "HH", "high panic": "HH", "very high": "HH", "critical low": "LL",
    "critically low": "LL", "panic low": "LL", "low panic": "LL", "very low": "LL", "abnormal": "A",
    "critical abnormal": "AA", "critically abnormal": "AA", "critical": "AA", "panic": "AA", "positive": "POS",
    "negative": "NEG", "detected": "DET", "not detected": "ND", "susceptible": "S", "sensitive": "S", "resistant": "R",
    "intermediate": "I", "indeterminate": "IND", "*": "A",
}  # fmt: skip
# Of several flags the gravest counts: a change since the last time must not hide a panic value.
GRAVEST = ("HH", "LL", "AA", "H", "L", "A", "R", "POS", "DET", "I", "IND", "E", "S", "N", "NEG", "ND")
USUAL = ("normal", "recommended", "usual")
FLAG_CHARS_MAX, RANGE_CHARS_MAX = 8, 200

Bounds = tuple[Decimal | None, Decimal | None]
_NUMBER = r"(\d+(?:\.\d+)?)"
_BETWEEN = re.compile(rf"{_NUMBER}\s*(?:-|\u2013|to)\s*{_NUMBER}\s*(.*)")
_BEYOND = re.compile(rf"(<|>|<=|>=|\u2264|\u2265)\s*{_NUMBER}\s*(.*)")


def judged(part: dict[str, Any], value: Value) -> dict[str, Any] | None:
    """Range and flag as the laboratory gives them; None if it gives neither, so that ours may be used."""
    if "interpretation" not in part and "referenceRange" not in part:
        return None
    ranges, flag = _ranges(part), _flag(part)
    if flag is None and not ranges and words_of(part) is None:
        return None
    low, high = _bounds(ranges, value.unit) or (None, None)
    if flag is None and value.bound is not None:
        flag = flag_of(value.comparator, value.bound, UsualRange(low, high))
    return {"ref_low": low, "ref_high": high, "interpretation": flag}


def range_words(part: dict[str, Any], value: Value) -> str | None:
    """The laboratory's range where it is words, or several of which nobody told us which holds."""
    ranges = _ranges(part)
    if not ranges:
        return None
    words = next((one["text"] for one in ranges if isinstance(one.get("text"), str)), None)
    if words is None and _bounds(ranges, value.unit) is None:
        words = "; ".join(filter(None, (_told(one) for one in ranges)))
    return words[:RANGE_CHARS_MAX] if words else None


def _told(reference: dict[str, Any]) -> str:
    who = [wording(one) for one in (*each(reference.get("appliesTo")), reference.get("type"))]
    age = span(reference.get("age"))
    whom = ", ".join(filter(None, (*who, f"age {age}" if age else None)))
    bounds = span(reference)
    return f"{whom}: {bounds}" if whom and bounds else bounds


def _ranges(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [bounds for bounds in each(part.get("referenceRange")) if isinstance(bounds, dict)]


def interpretations(part: dict[str, Any]) -> list[Any]:
    """What a laboratory says of a value, without null flavors: "NI" is no judgement."""
    told = part.get("interpretation")
    return [one for one in each(told) if not is_untold(one)] if told else []


def words_of(part: dict[str, Any]) -> str | None:
    """What a laboratory says of a value in words or codes that are no flag that we know."""
    told = [words for one in interpretations(part) if not _flags(one) for words in _words(one)]
    codes = [_code(str(coding["code"])) for one in interpretations(part) if not _flags(one) for coding in codings(one)]
    return "; ".join(dict.fromkeys(told or codes))[:RANGE_CHARS_MAX] or None


def _code(code: str) -> str:
    """A code alone. Nobody may take one that is a number for a part of the value."""
    return code if any(map(str.isalpha, code)) else f"code {code}"


def _flag(part: dict[str, Any]) -> str | None:
    told = [flag for one in interpretations(part) for flag in _flags(one)]
    return min(told, key=lambda flag: GRAVEST.index(flag) if flag in GRAVEST else len(GRAVEST), default=None)


def _flags(concept: Any) -> list[str]:
    """What an interpretation says: HL7's codes; a laboratory's own by their words, since "L" may stand for anything."""
    own = _known_codes(str(coding["code"]) for coding in codings(concept) if is_hl7(coding))
    if own:
        return own
    worded = _words(concept)
    codes = [str(coding["code"]) for coding in codings(concept)]
    known = list(filter(None, map(_worded, worded))) if worded else _known_codes(map(str.upper, codes))
    return known or _rare(concept)


def _rare(concept: Any) -> list[str]:
    """HL7's code of a judgement that has no flag here, as it is written."""
    codes = (str(coding["code"]) for coding in codings(concept) if coding.get("system") and is_hl7(coding))
    return [code for code in codes if len(code) <= FLAG_CHARS_MAX][:1]


def _words(concept: Any) -> list[str]:
    words = [dig(concept, "text"), *(dig(coding, "display") for coding in codings(concept))]
    return [word for word in words if isinstance(word, str)]


def _known_codes(codes: Iterable[str]) -> list[str]:
    return [FLAGS[code] for code in codes if code in FLAGS]


def _worded(words: str) -> str | None:
    plain = " ".join(words.lower().replace("(", " ").replace(")", " ").split())
    return WORDS.get(plain) or FLAGS.get(words.strip().upper())


def _bounds(ranges: list[dict[str, Any]], unit: str | None) -> Bounds | None:
    """Low and high of the usual range in the value's unit; None without one, or where several differ by person."""
    found = {bounds for one in ranges if _is_usual(one) and (bounds := _numbers(one, unit)) is not None}
    return found.pop() if len(found) == 1 else None


def _numbers(reference: dict[str, Any], unit: str | None) -> Bounds | None:
    sides = (reference.get("low"), reference.get("high"))
    low, high = (_bound(side) for side in sides)
    if low is None and high is None:
        return _in_words(reference.get("text"), unit)
    return (low, high) if all(side is None or unit_of(side) in (unit, None) for side in sides) else None


def _in_words(words: Any, unit: str | None) -> Bounds | None:
    """A range that stands in words alone, such as `3.5 - 5.0 mmol/L` or `< 14`."""
    plain = " ".join(str(words or "").split())
    between, beyond = _BETWEEN.fullmatch(plain), _BEYOND.fullmatch(plain)
    found = between or beyond
    if found is None or (found[3] and unit_of({"unit": found[3]}) != unit):
        return None
    if between is not None:
        low, high = number(between[1], "referenceRange"), number(between[2], "referenceRange")
        return (low, high) if low <= high else None
    bound = number(found[2], "referenceRange")
    return (None, bound) if found[1] in ("<", "<=", "\u2264") else (bound, None)


def _is_usual(reference: dict[str, Any]) -> bool:
    kind = reference.get("type")
    told = {*(str(coding["code"]).lower() for coding in codings(kind)), str(dig(kind, "text") or "").lower()} - {""}
    return not told or any(word.startswith(USUAL) for word in told)


def _bound(side: Any) -> Decimal | None:
    return number(dig(side, "value"), "referenceRange") if dig(side, "value") is not None else None
