"""Denials: what a claim names must stand in its rows under the same negation, doubt, relative or plan."""

from core.verification import bearing
from core.verification.reading import Mention, Reading
from core.verification.scope import NEGATED, OF_RELATIVE
from core.verification.text import stem
from core.verification.words import FILLER, NEGATORS, PLANS, RELATIVES

_ANY_RELATIVE = frozenset({"family", "relative", "relatives", "fhx", "fh"})


def check(reading: Reading) -> None:
    for mention in reading.mentions:
        _own_negation(reading, mention)
        _mention(reading, mention)
    _unused(reading)


def check_no_allergies(reading: Reading) -> None:
    """ "No known allergies": the record must say so, and hold no allergy."""
    for first, end, meaning in reading.phrases or ():
        if meaning != "allergies:no known allergies":
            continue
        held = next(
            (
                f
                for f in (*reading.facts, *reading.others("allergy"))
                if f.type == "allergy" and not f.flags_of(meaning)
            ),
            None,
        )
        said = next((f for f in reading.facts if f.flags_of(meaning)), None)
        if held and held.standing == "active":
            reading.wrong(f"The record holds an allergy to {held.name}.", first, end, held, held.name)
        elif said:
            reading.right("The cited row says so.", first, end, said)
        else:
            reading.silent("No cited row says that there are no allergies.", first, end)


def _own_negation(reading: Reading, mention: Mention) -> None:
    """ "No" before a name that is itself a negation: "not in labour force"."""
    inner = [n for n in range(mention.first, mention.end) if reading.tokens[n].norm in NEGATORS]
    if inner and reading.tokens[inner[0]].flags & NEGATED:
        reading.wrong("The claim denies what the cited row holds.", mention.first, mention.end, mention.facts[0])


def _mention(reading: Reading, mention: Mention) -> None:
    within = range(mention.first, mention.end)
    flags = {bearing.flags_at(reading, n) for n in within}
    terms = [term for n in within for term in bearing.terms(reading, n)]
    if any(f & OF_RELATIVE for f in flags):
        _same_relative(reading, mention, terms)
    if not _worded(mention) or all(reading.tokens[n].norm in PLANS for n in within):
        return
    bits = bearing.held(mention.facts, terms)
    if not bits or any(bits >> f & 1 for f in flags):
        return
    bearing.set_apart(reading, mention.first, mention.end, bits, mention.facts[0])


def _same_relative(reading: Reading, mention: Mention, terms: list[str]) -> None:
    """What the record says of the father is not the mother's."""
    for i in reading.span_of(mention.first):
        norm = reading.tokens[i].norm
        if norm not in RELATIVES or norm in _ANY_RELATIVE:
            continue
        kin = stem(norm)
        if not any(
            kin in s.words and any(t in s.words for t in terms) for fact in mention.facts for s in fact.sentences
        ):
            reading.silent(f"No cited row says this of the {norm}.", i)


def _worded(mention: Mention) -> bool:
    """A number's polarity is the number's affair; a name's is that of words."""
    return any(fact.value is None for fact in mention.facts)


def _unused(reading: Reading) -> None:
    """A negation that no check has used turns the claim around."""
    for i, token in reading.having(NEGATORS):
        scope = [t for t in reading.tokens if t.flags & NEGATED]
        if any(_borne_negated(reading, t.norm) for t in scope) or any(f.inverted for f in reading.facts):
            token.done = True
        elif any(f.span and f.span[0] >= token.start for f in reading.findings if f.verdict.value != "supported"):
            continue
        else:
            fact = bearing.bearer(reading.facts, (stem(token.norm),), 0)
            if fact:
                token.done = True
            else:
                reading.wrong(f"The claim denies (“{token.text}”) what the cited row holds.", i)


def _borne_negated(reading: Reading, norm: str) -> bool:
    term = stem(norm)
    return norm not in FILLER and any(fact.flags_of(term) >> NEGATED & 1 for fact in reading.facts)
