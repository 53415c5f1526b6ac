"""Claims that the deterministic half of fact-checking judges in a second, on one core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench._spread import spread
from evals import factcheck, generate_cases, made_patients

REPETITIONS = 7
CASES_PER_TYPE = 130


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Over the fact-check suite's generated cases, right and wrong ones alike."""
    cases = generate_cases.generate(made_patients.patients(1), seed=1, per_type=max(5, round(CASES_PER_TYPE * scale)))
    say(f"{len(cases):,} claims")
    rates = [factcheck.run(cases)["claims_per_second"] for _repetition in range(REPETITIONS)]
    return {"claims_per_second_on_one_core": spread(rates), "claims": len(cases)}
