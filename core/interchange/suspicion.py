"""Words that say that something is only suspected: a finding that nobody has made yet."""

from __future__ import annotations

BEGINNINGS = (
    "suspected ", "suspicion of ", "suspicion for ", "suspicious for ", "possible ", "probable ", "query ", "? ", "?",
    "rule out ", "to rule out ", "r/o ", "differential diagnosis", "ddx ", "verdacht auf ", "v.a. ", "v. a. ", "va. ",
    "dringender verdacht auf ", "suspicion d", "sospecha de ", "posible ", "sospett", "suspeita de ", "possível ",
    "verdenking ", "vermoeden van ", "mistanke om ", "misstanke om ", "misstänkt ", "obs pro ", "obs. pro ",
    "podejrzenie ", "疑似", "疑い", "疑",
)  # fmt: skip
ENDINGS = (
    " suspected", "(suspected)", "?", " suspecté", " suspectée", " probable", " possible", "の疑い", "疑い", "의증",
)  # fmt: skip


def in_words(words: str) -> bool:
    """Whether a concept's words state a suspicion, not a finding."""
    plain = " ".join(words.lower().split()).rstrip(" .")
    return plain.startswith(BEGINNINGS) or plain.split(" (situation)", 1)[0].endswith(ENDINGS)
