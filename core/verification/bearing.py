"""Whether rows hold a word, under what, and what they hold against it."""

from collections.abc import Iterable

from core.verification import lexicon
from core.verification.facts import Facts
from core.verification.reading import Reading
from core.verification.scope import DOUBTED, NEGATED, OF_RELATIVE, PLANNED
from core.verification.text import WORD, stem
from core.verification.words import FILLER, NEGATORS

SIDES = frozenset({"left", "right", "bilateral", "bilaterally"})
_SIDE_REACH = 4
_WHY = {
    OF_RELATIVE: "In the cited row “{}” is about a relative, not the patient.",
    NEGATED: "The cited row says the opposite of “{}”.",
    DOUBTED: "The cited row holds “{}” only as suspected or possible.",
    PLANNED: "In the cited row “{}” is planned or advised, not done.",
}

_ADDED = {
    OF_RELATIVE: "No cited row says “{}” of a relative.",
    DOUBTED: "No cited row speaks of “{}” as suspected, likely or a risk.",
    PLANNED: "No cited row plans or advises anything about “{}”.",
}


def terms(reading: Reading, i: int) -> tuple[str, ...]:
    """A word's stem and the meanings of the phrases it is part of."""
    return (stem(reading.tokens[i].norm), *(m for first, end, m in reading.phrases or () if first <= i < end))


def flags_at(reading: Reading, i: int) -> int:
    """What a word stands under, without a negation that another check has used up."""
    flags = reading.tokens[i].flags
    if flags & NEGATED:
        before = [token for token in reading.tokens[:i] if token.norm in NEGATORS]
        if before and before[-1].done:
            flags &= ~NEGATED
    return flags


def held(facts: Iterable[Facts], wanted: Iterable[str]) -> int:
    """The sets of flags under which the rows hold any of the terms, as bits."""
    wanted, found = tuple(wanted), 0
    for fact in facts:
        for term in wanted:
            found |= fact.flags_of(term)
    return found


def bearer(facts: Iterable[Facts], wanted: Iterable[str], flags: int) -> Facts | None:
    """The first row that holds a term under just these flags."""
    wanted = tuple(wanted)
    for fact in facts:
        for term in wanted:
            if fact.flags_of(term) >> flags & 1:
                return fact
    return None


def set_apart(reading: Reading, first: int, end: int, bits: int, fact: Facts) -> bool:
    """Record what sets the claim's words apart from the same words in the rows; whether anything does."""
    flags = min(flags_at(reading, n) for n in range(first, end))
    found = next((f for f in range(16) if bits >> f & 1), 0)
    kind = next((kind for kind in _WHY if (found ^ flags) & kind), None)
    text = reading.claim.text[reading.tokens[first].start : reading.tokens[end - 1].end]
    if kind is None:
        return False
    if flags & kind and kind in _ADDED:
        reading.silent(_ADDED[kind].format(text), first, end)
    else:
        reading.wrong(_WHY[kind].format(text), first, end, fact)
    return True


def rival(wanted: tuple[str, ...], facts: list[Facts]) -> str | None:
    """Another member of a set of which only one can be true, that a row holds."""
    said = {lexicon.name_of(t) if ":" in t else t for t in wanted}
    for options in lexicon.EXCLUSIVE:
        stems = {stem(o) if " " not in o else o: o for o in options}
        if said & (set(stems) | options):
            for fact in facts:
                for sentence in fact.sentences:
                    for term in sentence.words:
                        name = lexicon.name_of(term) if ":" in term else term
                        if name not in said and (name in options or name in stems):
                            return stems.get(name, name)
    return None


def on_that_side(reading: Reading, i: int, fact: Facts) -> bool:
    """Whether a side stands beside the same thing in the row: the left eye does not bear out a left foot."""
    if reading.tokens[i].norm not in SIDES:
        return True
    things = [stem(t.norm) for t in reading.tokens[i + 1 : i + 4] if t.kind == WORD and t.norm not in FILLER]
    things = things or [
        stem(t.norm) for t in reading.tokens[max(0, i - 3) : i] if t.kind == WORD and t.norm not in FILLER
    ]
    side = stem(reading.tokens[i].norm)
    for sentence in fact.sentences:
        for place in sentence.places.get(side, ()):
            if not things or any(
                abs(at - place) <= _SIDE_REACH for thing in things[:1] for at in sentence.places.get(thing, ())
            ):
                return True
    return False
