"""How good each way of reading is on the same claims: the grammar alone, and with a model's columns of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from core.verification import Reading, Result, SecondReading, Verdict
from evals.cases import Case

RIGHT = "supported"


def figures(cases: Sequence[Case], results: Sequence[Result]) -> dict[str, int]:
    """Of right claims: flagged, contradicted, supported by the fact-checker alone. Of wrong ones: caught, supported."""
    pairs = list(zip(cases, results, strict=True))
    right = _tally([result for case, result in pairs if case.label == RIGHT])
    wrong = _tally([result for case, result in pairs if case.label != RIGHT])
    return {
        "right": right["all"],
        "right_flagged": right["flagged"],
        "right_contradicted": right["contradicted"],
        "right_alone": right["alone"],
        "right_read": right["read"],
        "wrong": wrong["all"],
        "wrong_caught": wrong["flagged"],
        "wrong_supported": wrong["all"] - wrong["flagged"],
        "wrong_alone": wrong["alone"],
        "wrong_read": wrong["read"],
    }


def _tally(results: Sequence[Result]) -> dict[str, int]:
    return {
        "all": len(results),
        "flagged": sum(result.flagged for result in results),
        "contradicted": sum(result.verdict is Verdict.CONTRADICTED for result in results),
        "alone": sum(result.is_by_model_alone for result in results),
        "read": sum(result.is_read_by_model for result in results),
    }


def by_statement(readings: Sequence[Reading | SecondReading]) -> dict[str, dict[str, int]]:
    """How many statements of each kind a reader made, and what the rows made of them."""
    found: dict[str, Counter[str]] = {}
    for reading in readings:
        for statement, judged in reading.statements:
            tally = found.setdefault(type(statement).__name__.lower(), Counter())
            tally[type(judged).__name__.lower()] += 1
    return {kind: dict(sorted(tally.items())) for kind, tally in sorted(found.items())}


def by_grammar(readings: Sequence[Reading]) -> dict[str, int]:
    """How many claims the grammar read whole, in part, or not at all."""
    return dict(sorted(Counter(str(reading.grammar) for reading in readings).items()))


def table(readers: Mapping[str, Mapping[str, int]], statements: Mapping[str, Mapping[str, int]]) -> str:
    """Both for people."""
    lines = ["reader                right  flagged  contradicted   read  alone  wrong  caught  supported"]
    for name, f in readers.items():
        lines.append(
            f"{name:21} {f['right']:>5} {f['right_flagged']:>8} {f['right_contradicted']:>13} {f['right_read']:>6}"
            f" {f['right_alone']:>6} {f['wrong']:>6} {f['wrong_caught']:>7} {f['wrong_supported']:>10}"
        )
    lines += ["", "statement    proved  refuted  not in these rows"]
    for kind, tally in statements.items():
        counts = [tally.get(name, 0) for name in ("proved", "refuted", "notinrows")]
        lines.append(f"{kind:11} {counts[0]:>7} {counts[1]:>8} {counts[2]:>18}")
    return "\n".join(lines)
