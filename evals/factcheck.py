"""The fact-check suite: each case's claim through the deterministic checks, and how often they were right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.verification import check_claim
from evals import intervals, side_by_side
from evals.cases import LABELS, Case
from evals.timing import timed

SUPPORTED = "supported"


def run(cases: Sequence[Case]) -> dict[str, Any]:
    """The suite's result, as `strata eval run factcheck --json` prints it; claims per second of one core's time."""
    results, seconds = timed(cases, lambda case: check_claim(case.claim, case.rows))
    checked = list(zip(cases, results, strict=True))
    outcomes = [(case.label, case.error_type, result.flagged, str(result.verdict)) for case, result in checked]
    wrong = [flagged for label, _, flagged, _ in outcomes if label != SUPPORTED]
    right = [flagged for label, _, flagged, _ in outcomes if label == SUPPORTED]
    return {
        "suite": "factcheck",
        "cases": len(cases),
        "by_label": {label: _of_label(label, outcomes) for label in LABELS},
        "by_error_type": _by_error_type(outcomes),
        "false_flags": sum(right),
        "false_flag_rate": _rate(sum(right), len(right)),
        "recall": _rate(sum(wrong), len(wrong)),
        "recall_95": intervals.wilson(sum(wrong), len(wrong)),
        "pass_rate": _rate(sum(wrong) + len(right) - sum(right), len(cases)),
        "precision": _rate(sum(wrong), sum(wrong) + sum(right)),
        "cost_usd": 0.0,
        "claims_per_second": round(len(cases) / seconds) if seconds else None,
        "side_by_side": side_by_side.compare(cases, [result.verdict for result in results], seconds),
        "results": [
            {"id": case.id, "verdict": str(result.verdict), "flagged": result.flagged, "reasons": list(result.reasons)}
            for case, result in checked
        ],
    }


Outcome = tuple[str, str | None, bool, str]


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _of_label(label: str, outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How many there are, how many were flagged, and how many got this very label as their verdict."""
    of_it = [outcome for outcome in outcomes if outcome[0] == label]
    return {
        "n": len(of_it),
        "flagged": sum(flagged for _, _, flagged, _ in of_it),
        "agreed": sum(verdict == label for *_, verdict in of_it),
    }


def _by_error_type(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for _, error_type, flagged, _ in outcomes:
        if error_type is not None:
            tally = found.setdefault(error_type, {"n": 0, "flagged": 0})
            tally["n"] += 1
            tally["flagged"] += flagged
    for tally in found.values():
        tally["recall_95"] = intervals.wilson(tally["flagged"], tally["n"])
    return dict(sorted(found.items()))


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [
        f"{result['cases']} cases, {result['claims_per_second']} claims/s",
        "",
        "label            n  flagged  agreed",
    ]
    lines += [f"{label:14} {t['n']:>4} {t['flagged']:>8} {t['agreed']:>7}" for label, t in result["by_label"].items()]
    lines += ["", "error                 n  flagged  recall, 95 %"]
    for error_type, tally in result["by_error_type"].items():
        low, high = tally["recall_95"]
        lines.append(f"{error_type:19} {tally['n']:>4} {tally['flagged']:>8}  {low:.3f} to {high:.3f}")
    lines += ["", *(f"{name:15} {_share(result[name])}" for name in ("recall", "precision", "false_flag_rate"))]
    return "\n".join([*lines, "", side_by_side.table(result["side_by_side"])])


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"
