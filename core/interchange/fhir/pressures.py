"""Which pressure a component tells: "systolic" of an artery of the lungs is no blood pressure of the circulation."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir.code_names import LOINC, SNOMED
from core.interchange.fhir.concepts import Understood, understood

PRESSURES = frozenset((LOINC, code) for code in ("8480-6", "8462-4", "8478-0"))
# Of the blood pressure as such: a panel of vital signs, arterial, standing, lying.
CIRCULATION = frozenset(
    (
        *((LOINC, code) for code in ("85354-9", "55284-4", "85353-1", "8716-3", "34566-0", "35094-2", "18684-1")),
        *((SNOMED, code) for code in ("75367002", "46973005", "163020007", "386534000", "392570002", "1184593002")),
    )
)


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
