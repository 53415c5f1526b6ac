"""The check by words and the check by meaning on the same claims, and the stricter of the two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from core.verification import Verdict
from core.verification import claims as by_meaning
from evals.cases import Case
from evals.timing import timed

RIGHT = "supported"
ORDER = (Verdict.CONTRADICTED, Verdict.NOT_ADDRESSED, Verdict.CANNOT_VERIFY, Verdict.SUPPORTED)


def compare(cases: Sequence[Case], words: Sequence[Verdict], words_seconds: float) -> dict[str, Any]:
    """Of each check: right claims flagged and contradicted, wrong ones caught and supported, claims per second.

    `words` are the verdicts of the check by words, which took `words_seconds` of one core.
    `statements` counts, by kind of statement, what the grammar read and what came of it.
    """
    meaning, meaning_seconds = timed(cases, lambda case: by_meaning.check_claim(case.claim, case.rows).verdict)
    stricter = [min(pair, key=ORDER.index) for pair in zip(words, meaning, strict=True)]
    return {
        "words": _figures(cases, words, words_seconds),
        "meaning": _figures(cases, meaning, meaning_seconds),
        "stricter": _figures(cases, stricter, words_seconds + meaning_seconds),
        "statements": _statements(cases),
    }


def _figures(cases: Sequence[Case], verdicts: Sequence[Verdict], seconds: float) -> dict[str, Any]:
    right = [verdict for case, verdict in zip(cases, verdicts, strict=True) if case.label == RIGHT]
    wrong = [verdict for case, verdict in zip(cases, verdicts, strict=True) if case.label != RIGHT]
    return {
        "right": len(right),
        "right_flagged": sum(verdict is not Verdict.SUPPORTED for verdict in right),
        "right_contradicted": right.count(Verdict.CONTRADICTED),
        "wrong": len(wrong),
        "wrong_caught": sum(verdict is not Verdict.SUPPORTED for verdict in wrong),
        "wrong_supported": wrong.count(Verdict.SUPPORTED),
        "claims_per_second": round(len(cases) / seconds) if seconds else None,
    }


def _statements(cases: Sequence[Case]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for case in cases:
        for statement, judged in by_meaning.statements(case.claim, case.rows):
            tally = found.setdefault(type(statement).__name__.lower(), Counter())
            tally[type(judged).__name__.lower()] += 1
    return {kind: dict(sorted(tally.items())) for kind, tally in sorted(found.items())}


def table(compared: dict[str, Any]) -> str:
    """The comparison for people."""
    lines = ["check      right  flagged  contradicted  wrong  caught  supported  claims/s"]
    for name in ("words", "meaning", "stricter"):
        f = compared[name]
        lines.append(
            f"{name:9} {f['right']:>6} {f['right_flagged']:>8} {f['right_contradicted']:>13} {f['wrong']:>6}"
            f" {f['wrong_caught']:>7} {f['wrong_supported']:>10} {f['claims_per_second'] or 0:>9}"
        )
    lines += ["", "statement    proved  refuted  not in these rows"]
    for kind, tally in compared["statements"].items():
        counts = [tally.get(name, 0) for name in ("proved", "refuted", "notinrows")]
        lines.append(f"{kind:11} {counts[0]:>7} {counts[1]:>8} {counts[2]:>18}")
    return "\n".join(lines)
