"""The fact-checker's rules, apart from the project's own checks: numbers and most words must be in the cited rows."""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]
FILLER = frozenset(
    {
        "about", "above", "active", "allergy", "been", "began", "below", "born", "both", "current", "fell", "from",
        "have", "level", "longer", "range", "recorded", "resolved", "rose", "since", "still", "taken", "takes", "that",
        "this", "until", "usual", "visit", "were", "with", "within",
    }
)  # fmt: skip
WORDS_SHARED_MIN = 0.6
CHANGE = re.compile(r" (rose|fell) from (-?\d+(?:\.\d+)?)\b.* to (-?\d+(?:\.\d+)?)\b")


def judge(claims: list[Json]) -> Json:
    """A verdict for each claim."""
    return {"judgements": [{"claim": claim["label"], **_verdict(claim["text"], claim["rows"])} for claim in claims]}


def approve(claims: list[Json]) -> Json:
    """Everything is supported, with a true quotation: the fact-checker that can't be relied upon."""
    return {
        "judgements": [
            {"claim": claim["label"], "verdict": "supported", "quote": _some_words(claim["rows"]), "reason": ""}
            for claim in claims
        ]
    }


def _verdict(text: str, rows: list[Json]) -> Json:
    said = " ".join(str(value) for row in rows for value in row.values()).casefold()
    strange = [digits for digits in _numbers(text) if digits not in _numbers(said)]
    if strange:
        return _judged("contradicted", "", f"{strange[0]} is in no cited row")
    wrong = _wrong_way(text, rows)
    if wrong:
        return _judged("contradicted", "", wrong)
    if _words_shared(text, said) < WORDS_SHARED_MIN:
        return _judged("not_addressed", "", "most of its words are in no cited row")
    return _judged("supported", _quote(text, rows), "")


def _words_shared(text: str, said: str) -> float:
    """Which share of a claim's telling words the rows have; 1 for a claim without any."""
    words = [word for word in re.findall(r"[a-z]{4,}", text.casefold()) if word not in FILLER]
    return sum(word in said for word in words) / len(words) if words else 1.0


def _judged(verdict: str, quote: str, reason: str) -> Json:
    return {"verdict": verdict, "quote": quote, "reason": reason}


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text))


def _wrong_way(text: str, rows: list[Json]) -> str | None:
    for side, other in (("above", "below"), ("below", "above")):
        if f" {side} " in text and any(f"{other} the reference" in row.get("reads", "") for row in rows):
            return f"the row reads {other} the reference range"
    change = CHANGE.search(text)
    if change is not None:
        way, old, new = change.group(1), float(change.group(2)), float(change.group(3))
        if not (new > old if way == "rose" else new < old):
            return "the values changed the other way"
    return None


def _quote(text: str, rows: list[Json]) -> str:
    """For each row the value that shares most with the claim."""
    claimed = set(re.findall(r"\w+", text.casefold()))

    def shared(value: str) -> int:
        return len(claimed & set(re.findall(r"\w+", value.casefold())))

    best = [max((str(v) for label, v in row.items() if label not in ("kind", "ref")), key=shared) for row in rows]
    return " ... ".join(best)[:1_900]


def _some_words(rows: list[Json]) -> str:
    values = [str(value) for row in rows for label, value in row.items() if label not in ("kind", "ref")]
    return values[0][:200] if values else ""
