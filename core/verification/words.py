"""The word tables in one spelling, ready for look-ups by a token's `norm`."""

from core.verification.tables import words as table
from core.verification.text import spell, stem


def _spelled(words: frozenset[str]) -> frozenset[str]:
    return frozenset(spell(word) for word in words)


FILLER = _spelled(table.FILLER) - _spelled(table.INFERENCE)
INFERENCE = _spelled(table.INFERENCE)
TYPE_WORDS = {spell(word): types for word, types in table.TYPE_WORDS.items()}
STATUS_WORDS = {spell(word): status for word, status in table.STATUS_WORDS.items()}
STATUS_LEADS = _spelled(table.STATUS_LEADS)
START_WORDS, STOP_WORDS = _spelled(table.START_WORDS), _spelled(table.STOP_WORDS)
RISE, FALL, STEADY = _spelled(table.RISE), _spelled(table.FALL), _spelled(table.STEADY)
BETTER, WORSE = _spelled(table.BETTER), _spelled(table.WORSE)
HIGH, LOW, NORMAL, ABNORMAL = (
    _spelled(table.HIGH), _spelled(table.LOW), _spelled(table.NORMAL), _spelled(table.ABNORMAL),
)  # fmt: skip
BORDERLINE, CRITICAL = _spelled(table.BORDERLINE), _spelled(table.CRITICAL)
SLIGHT, MARKED = _spelled(table.SLIGHT), _spelled(table.MARKED)
NEGATORS, NEGATION_ENDS = table.NEGATORS, _spelled(table.NEGATION_ENDS)
HEDGES, PLANS, RELATIVES = _spelled(table.HEDGES), _spelled(table.PLANS), _spelled(table.RELATIVES)
MALE, FEMALE, STATED_SEX = table.MALE, table.FEMALE, table.STATED_SEX
NUMBER_WORDS = table.NUMBER_WORDS
COUNTED = {spell(word): kind for word, kind in table.COUNTED.items()}
NO_VALUES = table.NO_VALUES
CONTRAST = frozenset({"but", "however", "although", "though", "whereas", "while"})
FILLER_STEMS = frozenset(stem(word) for word in FILLER)
