"""The cost suite: a report that is right and costs more than its ceiling has failed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from decimal import Decimal
from operator import and_
from typing import Any

from core.settings.parsing import money
from evals import drafting, reporting
from evals.drafting import Case
from evals.reporting import Made

CEILING = "STRATA_REPORT_COST_CEILING_USD"
CEILING_USD = Decimal("0.05")


class BadCeiling(ValueError):
    """The ceiling is not an amount of money."""


def ceiling() -> Decimal:
    """The most that one report may cost, in US dollars. Raises BadCeiling."""
    text = os.environ.get(CEILING, "").strip()
    try:
        return money(text) if text else CEILING_USD
    except ValueError as fault:
        raise BadCeiling(f"{CEILING} {fault}, not {text!r}") from None


def run(patients: Sequence[Case]) -> dict[str, Any]:
    """The drafting suite's result, with each report's verdict: right, wrong, too dear."""
    most = ceiling()
    with reporting.endpoint() as asked:
        made = reporting.make(asked, dict(patients))
    found = drafting.result("cost", asked.drafter_model, made)
    dear = [_is_dear(report, most) for report in made]
    right = [not report.fault for report in made]
    for report, is_dear, shown in zip(made, dear, found["results"], strict=True):
        if is_dear:
            shown["faults"].append(f"US${report.usd:.4f} is above the ceiling of US${most:.4f}")
    right_and_dear = sum(map(and_, right, dear))
    passed = sum(right) - right_and_dear
    return {
        **found,
        "ceiling_usd": float(most),
        "too_dear": sum(dear),
        "right_and_too_dear": right_and_dear,
        "passed": passed,
        "pass_rate": passed / len(made),
    }


def _is_dear(report: Made, most: Decimal) -> bool:
    return report.usd is not None and report.usd > most


def bar(result: dict[str, Any]) -> list[str]:
    """Each report must be right and cost no more than the ceiling."""
    short = []
    if result["too_dear"]:
        short.append(
            f"{result['too_dear']} of {result['cases']} reports cost more than US${result['ceiling_usd']:.4f},"
            f" {result['right_and_too_dear']} of them right"
        )
    wrong = result["cases"] - result["passed"] - result["right_and_too_dear"]
    if wrong:
        short.append(f"{wrong} reports are wrong or were not made")
    return short


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    return f"{result['passed']} of {result['cases']} reports right and within US${result['ceiling_usd']:.4f}\n" + (
        drafting.table(result)
    )
