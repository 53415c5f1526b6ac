"""Which pressure or temperature a value is: that of a chamber of the heart is no blood pressure of the circulation."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir.code_names import LOINC, SNOMED
from core.interchange.fhir.concepts import Understood, codings, system_of, understood

PRESSURES = frozenset((LOINC, code) for code in ("8480-6", "8462-4", "8478-0"))
# Of the blood pressure as such: a panel of vital signs, arterial, standing, lying.
CIRCULATION = frozenset(
    (
        *((LOINC, code) for code in ("85354-9", "55284-4", "85353-1", "8716-3", "34566-0", "35094-2", "18684-1")),
        *((SNOMED, code) for code in ("75367002", "46973005", "163020007", "386534000", "392570002", "1184593002")),
    )
)


TEMPERATURE = (LOINC, "8310-5")
# What guides code as a vital sign as such and name otherwise beside it.
ELSEWHERE = {
    **dict.fromkeys(
        PRESSURES,
        ("ventric", "atrial", "atrium", "pulmonary", "wedge", "cranial", "venous", "chamber", "capillary", "ocular",
         "abdominal", "bladder", "compartment"),
    ),
    TEMPERATURE: ("joint", "breast", "spine", "wound", "ambient", "room", "incubator", "injectate", "airway"),
}  # fmt: skip


def named(code: Understood, concept: Any) -> Understood:
    """What a value is of: by its other codes or its words, where these tell of somewhere else than its general code."""
    general = next((key for system, told, _ in code.kept if (key := (str(system), told)) in ELSEWHERE), None)
    if general is None:
        return code
    told = " ".join(filter(None, (code.words, *(words for _, _, words in code.kept)))).lower()
    if not any(place in told for place in ELSEWHERE[general]):
        return code
    others = [one for one in codings(concept) if system_of(one) and (system_of(one), one["code"]) not in ELSEWHERE]
    own = next((one for one in others if system_of(one) == LOINC), others[0] if others else None)
    words = code.words or ""
    if not any(place in words.lower() for place in ELSEWHERE[general]):
        words = next(part for _, _, part in code.kept if part and any(at in part.lower() for at in ELSEWHERE[general]))
    return Understood(words, own, [one for one in code.kept if (str(one[0]), one[1]) not in ELSEWHERE])


def of_whole(code: Understood, concept: Any) -> Understood:
    """What a component is a value of: a pressure of something else than the circulation is named by the whole too.

    It keeps none of its codes: by these it would come back as a blood pressure.
    """
    if not _codes(code) & PRESSURES:
        return code
    whole = understood(concept)
    of = _codes(whole)
    if not of or of & (PRESSURES | CIRCULATION) or not _is_elsewhere(whole.words or ""):
        return code
    return Understood(f"{whole.words}: {code.words}", None, [])


def _is_elsewhere(words: str) -> bool:
    """Whether a whole is a pressure of something else; of a code alone nobody sees that it is not."""
    told = words.lower()
    if told.startswith("code "):
        return True
    return "pressure" in told and ("blood pressure" not in told or "pulmonary" in told)


def _codes(code: Understood) -> set[tuple[str, str]]:
    return {(str(system), str(told)) for system, told, _ in code.kept if system in (LOINC, SNOMED)}
