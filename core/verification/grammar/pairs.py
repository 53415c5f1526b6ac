"""Two numbers that make one: "148/92", "148 over 92", "3 out of 10"."""

from __future__ import annotations

from core.verification.grammar.tokens import Words

OVER_MIN = 30
LIST = ["number", "/", "number", "/", "number"]


def end_of_pair(words: Words, at: int) -> int:
    """Where the second number ends, with what joins them at a place; 0 if there is none."""
    link = [word.norm for word in words[at : at + 2]]
    after = at + 2 if link == ["out", "of"] else at + 1 if link and link[0] in ("/", "over") else len(words)
    if after >= len(words) or words[after].kind != "number" or _is_list(words, at):
        return 0
    over = link[0] == "over" and min(_value(words[n].norm) for n in (at - 1, after)) < OVER_MIN
    return 0 if over else after + 1


def _value(norm: str) -> float:
    return float(norm.lstrip("<>=~± ").replace(",", "").rstrip("."))


def _is_list(words: Words, at: int) -> bool:
    """ "218 / 229 / 200": values in a row, no pair."""
    kinds = [word.kind if word.kind == "number" else word.norm for word in words[max(0, at - 3) : at + 4]]
    return any(kinds[n : n + len(LIST)] == LIST for n in range(len(kinds) - len(LIST) + 1))
