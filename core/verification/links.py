"""Causes, purposes and plans: "because of", "for", "should". A link between two things must be written in one row."""

from core.verification.facts import Facts, name_terms
from core.verification.reading import Mention, Reading
from core.verification.text import stem

_LINKS = frozenset(
    {"for", "because", "due", "secondary", "treat", "treats", "treating", "manage", "manages", "indication"}
)
_CAUSES = frozenset({"cause", "causes", "caused", "causing", "leading", "resulting"})
_CONDITION_TYPES = frozenset({"condition", "visit", "note"})


def check(reading: Reading) -> None:
    for i, _ in reading.having(_CAUSES):
        if _of_allergy(reading, i):
            reading.done(i)
    for i, _ in reading.having(_LINKS):
        _link(reading, i)


def _of_allergy(reading: Reading, i: int) -> bool:
    """ "latex causes a rash": a substance and its reaction, of one row."""
    mention = reading.mention_of(i)
    following = [stem(t.norm) for t in reading.tokens[i + 1 : i + 6] if t.text[:1].isalpha()]
    return mention is not None and any(
        f.type == "allergy" and any(f.flags_of(s) for s in following) for f in mention.facts
    )


def _link(reading: Reading, i: int) -> None:
    span = reading.span_of(i)
    left = next((m for m in reversed(reading.mentions) if m.end <= i and m.first >= span.start), None)
    right = next((m for m in reading.mentions if m.first > i and m.first < span.stop and m.first - i <= 5), None)
    if right is None or left is None:
        return
    if any(_joins(reading, fact, left, right) for fact in reading.facts):
        reading.done(i)
        if reading.after(i, 1) in (["to"], ["of"]):
            reading.done(i + 1)
    elif _different(left.facts, right.facts) and any(f.type in _CONDITION_TYPES for f in right.facts):
        reading.silent(
            f"No cited row says that {left.facts[0].name} is {reading.tokens[i].text} {right.facts[0].name}.", i
        )


def _joins(reading: Reading, fact: Facts, left: Mention, right: Mention) -> bool:
    """Whether one row speaks of both."""
    return _speaks_of(reading, fact, right) and (fact in left.facts or _speaks_of(reading, fact, left))


def _speaks_of(reading: Reading, fact: Facts, mention: Mention) -> bool:
    if mention.meaning and fact.flags_of(mention.meaning):
        return True
    stems = [stem(t.norm) for t in reading.tokens[mention.first : mention.end] if t.text[:1].isalpha()]
    own = name_terms(fact.names)
    return bool(stems) and all(fact.flags_of(s) or s in own for s in stems)


def _different(left: list[Facts], right: list[Facts]) -> bool:
    return not any(fact in right for fact in left)
