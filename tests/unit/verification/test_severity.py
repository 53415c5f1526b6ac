"""Severity is its own axis: what could be done with a claim that is wrong and believed."""

from __future__ import annotations

import pytest

from core.verification import Severity, severity


@pytest.mark.parametrize(
    ("verdict", "kinds", "expected"),
    [
        ("supported", ["prescription"], Severity.LOW),
        ("cannot_verify", ["allergy", "visit"], Severity.HIGH),
        ("contradicted", ["prescription"], Severity.HIGH),
        ("inference", ["prescription"], Severity.HIGH),
        ("contradicted", ["observation"], Severity.HIGH),
        ("not_addressed", ["condition"], Severity.HIGH),
        ("cannot_verify", ["observation"], Severity.MEDIUM),
        (None, ["observation"], Severity.MEDIUM),
        ("contradicted", ["visit"], Severity.MEDIUM),
        ("cannot_verify", ["note"], Severity.LOW),
        ("cannot_verify", [], Severity.MEDIUM),
    ],
)
def test_severity_of_a_claim(verdict: str | None, kinds: list[str], expected: Severity) -> None:
    assert severity(verdict, kinds) is expected
