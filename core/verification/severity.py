"""How much harm a claim could do if it is wrong and believed: the second axis, beside how far it is borne out."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from core.verification.types import Verdict


class Severity(StrEnum):
    """`high` could change treatment, `medium` the picture of the patient, `low` neither."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


TREATMENT = frozenset({"allergy", "prescription"})
FINDINGS = frozenset({"observation", "condition"})
WRONG = frozenset({Verdict.CONTRADICTED, Verdict.NOT_ADDRESSED})


def severity(verdict: str | None, kinds: Collection[str]) -> Severity:
    """Of a claim with this verdict that cites rows of these kinds (`allergy`, `observation`, ...).

    What decides a treatment is high unless it is borne out, a finding when it is wrong. A claim that cites nothing
    could be about anything.
    """
    if verdict == Verdict.SUPPORTED:
        return Severity.LOW
    if TREATMENT.intersection(kinds):
        return Severity.HIGH
    if FINDINGS.intersection(kinds):
        return Severity.HIGH if verdict in WRONG else Severity.MEDIUM
    return Severity.MEDIUM if verdict in WRONG or not kinds else Severity.LOW
