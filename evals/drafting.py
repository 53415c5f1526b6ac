"""The drafting suite: what a model's drafts state that is not in the record, and what they leave out of it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from core.verification import Row
from evals import intervals, made_patients, reporting
from evals.reporting import Made

PATIENTS = 12
# Per sentence and per row, as one study of model-written notes found of its best set-up (CREOLA, 2025).
UNSUPPORTED_RATE_MAX = 0.0147
OMITTED_RATE_MAX = 0.0345
TAIL = 0.95

Case = tuple[int, list[Row]]


def cases(seed: int, limit: int = PATIENTS) -> list[Case]:
    """The first `limit` made patients with their rows."""
    return list(made_patients.patients(seed).items())[:limit]


def run(patients: Sequence[Case]) -> dict[str, Any]:
    """The suite's result; seconds and US dollars are per report."""
    with reporting.endpoint() as asked:
        made = reporting.make(asked, dict(patients))
        return result("drafting", asked.drafter_model, made)


def result(suite: str, model: str, made: Sequence[Made]) -> dict[str, Any]:
    """What the suites that make whole reports have in common."""
    return {
        "suite": suite,
        "model": model,
        "cases": len(made),
        "faults": sum(bool(report.fault) for report in made),
        "pass_rate": sum(report.is_faultless for report in made) / len(made),
        **_statements(made),
        "with_all_sections": sum(report.is_whole for report in made),
        **_effort(made),
        "results": [_shown(report) for report in made],
    }


def _statements(made: Sequence[Made]) -> dict[str, Any]:
    """What the reports say that the record does not, and what they leave out."""
    claims, to_state = sum(report.claims for report in made), sum(report.to_state for report in made)
    unsupported, omitted = sum(len(report.unsupported) for report in made), sum(report.omitted for report in made)
    return {
        "claims": claims,
        "unsupported": unsupported,
        "unsupported_rate": unsupported / claims if claims else None,
        "unsupported_rate_95": intervals.wilson(unsupported, claims),
        "alone": sum(report.alone for report in made),
        "to_state": to_state,
        "omitted": omitted,
        "omitted_rate": omitted / to_state if to_state else None,
        "omitted_rate_95": intervals.wilson(omitted, to_state),
    }


def _effort(made: Sequence[Made]) -> dict[str, Any]:
    """What the reports took: tokens, seconds and US dollars; a report without a known price counts in none."""
    prices = [float(report.usd) for report in made if report.usd is not None]
    return {
        "tokens": _spread([float(report.tokens) for report in made]),
        "seconds": _spread([report.seconds for report in made]),
        "cost_usd": float(sum(report.usd or 0 for report in made)),
        "cost_per_report_usd": _spread(prices),
        "unpriced": len(made) - len(prices),
    }


def bar(result: dict[str, Any]) -> list[str]:
    """Where the result falls short of what a drafter must reach before anybody sees its reports."""
    short = [f"{result['faults']} of {result['cases']} reports could not be made"] if result["faults"] else []
    for name, most in (("unsupported", UNSUPPORTED_RATE_MAX), ("omitted", OMITTED_RATE_MAX)):
        rate = result[f"{name}_rate"]
        if rate is not None and rate > most:
            short.append(f"{name} {rate:.4f} is above {most}")
    return short


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [
        f"{result['cases']} reports by {result['model']}, {result['faults']} not made",
        f"{result['unsupported']} of {result['claims']} claims unsupported,"
        f" {result['alone']} by the fact-checker alone",
        f"{result['omitted']} of {result['to_state']} rows to state left out",
        f"{result['with_all_sections']} reports with every section their record asks for",
        f"US${result['cost_usd']:.4f} in all, {result['unpriced']} reports without a known price",
    ]
    if result["seconds"]:
        lines.append(f"{result['seconds']['median']:.2f} s a report, {result['seconds']['p95']:.2f} s at the tail")
    return "\n".join(
        lines + [f"  {found['id']}: {'; '.join(found['faults'])}" for found in result["results"] if found["faults"]]
    )


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    """Median, 95th percentile and most."""
    if not values:
        return None
    ordered = sorted(values)
    tail = ordered[min(int(TAIL * len(ordered)), len(ordered) - 1)]
    figures = {"median": statistics.median(ordered), "p95": tail, "max": ordered[-1]}
    return {name: round(value, 6) for name, value in figures.items()}


def _shown(report: Made) -> dict[str, Any]:
    faults = [f"unsupported: {text}" for text in report.unsupported]
    faults += [f"no {kind} stated" for kind in report.missing_sections]
    faults += [report.fault] if report.fault else []
    return {
        "id": f"patient-{report.patient_id}",
        "claims": report.claims,
        "omitted": report.omitted,
        "cost_usd": None if report.usd is None else float(report.usd),
        "seconds": round(report.seconds, 3),
        "faults": faults,
    }
