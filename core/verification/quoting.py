"""Whether the words that a fact-checker quotes are about what code left unread."""

from __future__ import annotations

import re

from core.verification.claims import Reading
from core.verification.vocabulary.spelling import stem

SHARED_MIN = 0.5
_WORD = re.compile(r"[^\W\d_]{3,}")


def bears_on(quote: str, reading: Reading) -> bool:
    """Whether a quote has half of the words that code left unread; of all words where code read none."""
    unread = _stems(" ".join(reading.text[slice(*span)] for span in reading.uncovered)) or _stems(reading.text)
    return len(unread & _stems(quote)) >= SHARED_MIN * len(unread) if unread else False


def _stems(text: str) -> set[str]:
    return {stem(word) for word in _WORD.findall(text.lower())}
