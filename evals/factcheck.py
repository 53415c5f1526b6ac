"""The fact-check suite: each case's claim through the check by code, and how often it was right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from core.verification import Reading, Result, decide, read
from evals import answered_cases, intervals, readers
from evals.answered_cases import Answers
from evals.cases import LABELS, Case
from evals.timing import timed

SUPPORTED, CONTRADICTED = "supported", "contradicted"
GRAMMAR, JUDGE, BOTH = "grammar alone", "with the judge", "with reader and judge"


def run(cases: Sequence[Case], answers: Answers | None = None) -> dict[str, Any]:
    """The suite's result, as `strata eval run factcheck --json` prints it; claims per second of one core's time.

    With a model's answers about the cases, the figures of its columns stand beside those of code alone.
    """
    found, seconds = timed(cases, _checked)
    readings, results = [reading for reading, _ in found], [result for _, result in found]
    checked = list(zip(cases, results, strict=True))
    with_model = _with_model(cases, readings, answers) if answers is not None else {}
    outcomes = [(case.label, case.error_type, result.flagged, str(result.verdict)) for case, result in checked]
    return {
        "suite": "factcheck",
        "cases": len(cases),
        "by_label": {label: _of_label(label, outcomes) for label in LABELS},
        "by_error_type": _by_error_type(outcomes),
        **_rates(outcomes),
        "cost_usd": 0.0,
        "claims_per_second": round(len(cases) / seconds) if seconds else None,
        "readers": {GRAMMAR: readers.figures(cases, results), **(with_model.pop("readers") if with_model else {})},
        "statements": readers.by_statement(readings),
        "read": readers.by_grammar(readings),
        "results": [
            {"id": case.id, "verdict": str(result.verdict), "flagged": result.flagged, "reasons": list(result.reasons)}
            for case, result in checked
        ],
        **with_model,
    }


def _with_model(cases: Sequence[Case], readings: Sequence[Reading], answers: Answers) -> dict[str, Any]:
    """The figures with the judge, and with the reader and the judge; what came of each case with both."""
    decided = [answered_cases.decide(case, reading, answers) for case, reading in zip(cases, readings, strict=True)]
    return {
        "readers": {
            JUDGE: readers.figures(cases, [one.by_judge for one in decided]),
            BOTH: readers.figures(cases, [one.by_both for one in decided]),
        },
        "reader_columns": dict(sorted(Counter(str(one.second.reader) for one in decided).items())),
        "reader_statements": readers.by_statement([one.second for one in decided]),
        "with_model": [
            {"id": case.id, "reader": str(one.second.reader), "verdict": str(one.by_both.verdict),
             "flagged": one.by_both.flagged, "mark": str(one.by_both.mark)}
            for case, one in zip(cases, decided, strict=True)
        ],
    }  # fmt: skip


def _checked(case: Case) -> tuple[Reading, Result]:
    reading = read(case.claim, case.rows)
    return reading, decide(reading)


Outcome = tuple[str, str | None, bool, str]


def _rates(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    wrong = [flagged for label, _, flagged, _ in outcomes if label != SUPPORTED]
    right = [(flagged, verdict) for label, _, flagged, verdict in outcomes if label == SUPPORTED]
    caught, false = sum(wrong), sum(flagged for flagged, _ in right)
    contradicted = sum(verdict == CONTRADICTED for _, verdict in right)
    return {
        "false_flags": false,
        "false_flag_rate": _rate(false, len(right)),
        "false_contradicted_rate": _rate(contradicted, len(right)),
        "recall": _rate(caught, len(wrong)),
        "recall_95": intervals.wilson(caught, len(wrong)),
        "pass_rate": _rate(caught + len(right) - false, len(outcomes)),
        "precision": _rate(caught, caught + false),
    }


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
    return "\n".join([*lines, "", readers.table(result["readers"], result["statements"])])


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"
