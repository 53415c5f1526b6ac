"""Words of our own in rows, read without a fault: a process that is taken may have written any other there."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TypeVar

from core.metrics import counters
from core.models.clinical import STATEMENT_WORDS, StatementKind

log = logging.getLogger(__name__)
Kind = TypeVar("Kind", bound=StrEnum)

# Before a statement's words: whoever reads it must not take it for a finding.
NOT_KNOWN = "Not known how this is meant"


def known(kinds: type[Kind], word: str) -> Kind | None:
    """The member; None for a word that is none of ours, which is counted and logged by its kind, never by its text."""
    try:
        return kinds(word)
    except ValueError:
        counters.unknown_word(kinds.__name__)
        log.warning("a row has a word that is no %s", kinds.__name__)
        return None


def statement_words(kind: str) -> str:
    """What stands before a statement's own words, wherever they are shown or told."""
    found = known(StatementKind, kind)
    return STATEMENT_WORDS[found] if found else NOT_KNOWN
