"""What no other check has accounted for: every word must be ordinary or stand in a cited row, under the same negation."""

from collections.abc import Iterable

from core.verification import lexicon
from core.verification.facts import Facts, name_terms
from core.verification.reading import Mention, Reading
from core.verification.scope import DOUBTED, NEGATED, OF_RELATIVE, PLANNED
from core.verification.text import MARK, REFERENCE, WORD, stem
from core.verification.words import (
    FILLER,
    INFERENCE,
    NEGATORS,
    PLANS,
    RELATIVES,
    START_WORDS,
    STATUS_WORDS,
    STOP_WORDS,
    TYPE_WORDS,
)

_WHY = {
    NEGATED: "The cited row says the opposite of “{}”.",
    DOUBTED: "The cited row holds “{}” only as suspected or possible.",
    OF_RELATIVE: "In the cited row “{}” is about a relative, not the patient.",
    PLANNED: "In the cited row “{}” is planned or advised, not done.",
}
SIDES = frozenset({"left", "right", "bilateral", "bilaterally"})
_SIDE_REACH = 4
_BOUND_TYPES = frozenset({"allergy", "prescription", "observation", "condition"})


def check(reading: Reading) -> None:
    _no_allergies(reading)
    _phrases(reading)
    for i, token in enumerate(reading.tokens):
        if token.kind == WORD and not token.done:
            _word(reading, i)
        elif token.kind == REFERENCE:
            _reference(reading, i)
        elif token.kind == MARK and token.text.isdigit() and not token.done:
            reading.wrong(f"The number {token.text} could not be read.", i)
    _names(reading)
    _negations(reading)


def _reference(reading: Reading, i: int) -> None:
    if reading.tokens[i].text not in reading.claim.citations:
        reading.unsure(f"{reading.tokens[i].text} is not among the citations.", i)


def _no_allergies(reading: Reading) -> None:
    for first, end, meaning in reading.phrases or ():
        if meaning != "allergies:no known allergies":
            continue
        held = next(
            (f for f in (*reading.facts, *reading.others) if f.type == "allergy" and not f.flags_of(meaning)), None
        )
        said = next((f for f in reading.facts if f.flags_of(meaning)), None)
        if held and held.standing == "active":
            reading.wrong(f"The record holds an allergy to {held.name}.", first, end, held, held.name)
        elif said:
            reading.right("The cited row says so.", first, end, said)
        else:
            reading.silent("No cited row says that there are no allergies.", first, end)


def _phrases(reading: Reading) -> None:
    """Forms, routes, frequencies, kinds of visit, set results: the whole phrase must have a row that means it."""
    for first, end, meaning in reading.phrases or ():
        if all(token.done for token in reading.tokens[first:end]) or _is_filler(reading, first, end):
            continue
        if meaning.startswith("result:") and any(f.inverted for f in reading.facts) and meaning.endswith("negative"):
            reading.done(first, end)
            continue
        facts = _scoped(reading, first, meaning)
        flags = reading.tokens[end - 1].flags
        fact = _bearer(facts, (meaning,), flags)
        if fact and not any(f.type == "observation" and f.assay and meaning.startswith("assay:") for f in [fact]):
            reading.right(f"The cited row says {lexicon.name_of(meaning)}.", first, end, fact)
            continue
        if not fact and (rival := _rival((meaning,), facts)):
            written = reading.claim.text[reading.tokens[first].start : reading.tokens[end - 1].end]
            reading.wrong(f"The claim says “{written}”; the cited row says {rival}.", first, end, facts[0])


def _is_filler(reading: Reading, first: int, end: int) -> bool:
    return all(token.norm in FILLER for token in reading.tokens[first:end])


def _scoped(reading: Reading, i: int, meaning: str) -> list[Facts]:
    """The rows a describing word may rest on: those of what it describes, and rows of free text."""
    mention = reading.mention_of(i)
    if mention is None or not all(f.type in _BOUND_TYPES for f in mention.facts):
        return reading.facts
    return mention.facts + [f for f in reading.facts if f.type not in _BOUND_TYPES]


def _bearer(facts: Iterable[Facts], terms: Iterable[str], flags: int) -> Facts | None:
    terms = tuple(terms)
    for fact in facts:
        for term in terms:
            held = fact.flags_of(term)
            if held >> (flags & (NEGATED | DOUBTED | OF_RELATIVE | PLANNED)) & 1:
                return fact
    return None


def _word(reading: Reading, i: int) -> None:
    token = reading.tokens[i]
    norm, flags = token.norm, token.flags
    if norm in NEGATORS:
        return
    if norm in TYPE_WORDS:
        _type_word(reading, i)
        return
    if norm in FILLER or _dates_something(reading, i):
        return
    terms = (stem(norm), *_meanings(reading, i))
    if norm in RELATIVES and any(fact.flags_of(stem(norm)) for fact in reading.facts):
        return
    facts = _scoped(reading, i, "")
    fact = _bearer(facts, terms, flags)
    if fact is None and norm not in STATUS_WORDS and facts is not reading.facts:
        named = [f for f in reading.facts if f not in facts and any(t in name_terms(f.names) for t in terms)]
        fact = _bearer(named, terms, flags)
    if fact is not None and _on_that_side(reading, i, fact):
        reading.right(f"The cited row says “{token.text}”.", i, None, fact)
        return
    if norm in PLANS and any(f.flags_of(term) for f in facts for term in terms):
        return
    if (
        fact is None
        and norm in PLANS
        and any(b >> PLANNED for f in facts for s in f.sentences for b in s.words.values())
    ):
        return
    _unborne(reading, i, terms, facts)


def _on_that_side(reading: Reading, i: int, fact: Facts) -> bool:
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


def _dates_something(reading: Reading, i: int) -> bool:
    """Whether the word says a beginning or an end of what has one: "started", "prescribed", "until"."""
    norm = reading.tokens[i].norm
    role = "start" if norm in START_WORDS else "stop" if norm in STOP_WORDS else None
    return role is not None and any(fact.day(role) for fact in reading.subject(i))


def _meanings(reading: Reading, i: int) -> list[str]:
    return [meaning for first, end, meaning in reading.phrases or () if first <= i < end]


def _type_word(reading: Reading, i: int) -> None:
    types = TYPE_WORDS[reading.tokens[i].norm]
    following = next((m for m in reading.mentions if 0 < m.first - i <= 4), None)
    mention = following or reading.mention_of(i)
    facts = mention.facts if mention else reading.facts
    if any(f.type in types for f in facts) or any(f.flags_of(stem(reading.tokens[i].norm)) for f in facts):
        reading.done(i)
    elif any(f.type == "note" for f in reading.facts) and types == ("condition", "visit"):
        reading.done(i)
    else:
        reading.silent(f"No cited row bears out “{reading.tokens[i].text}”.", i)


def _unborne(reading: Reading, i: int, terms: tuple[str, ...], facts: list[Facts]) -> None:
    token = reading.tokens[i]
    held = 0
    for fact in facts:
        for term in terms:
            held |= fact.flags_of(term)
    if held:
        apart = next((f for f in range(16) if held >> f & 1), 0) ^ token.flags
        kind = next((k for k in (OF_RELATIVE, NEGATED, DOUBTED, PLANNED) if apart & k), NEGATED)
        reading.wrong(_WHY[kind].format(token.text), i, None, facts[0])
        return
    rival = _rival(terms, facts)
    if rival:
        reading.wrong(f"The claim says “{token.text}”; the cited row says {lexicon.name_of(rival)}.", i, None, facts[0])
    elif token.norm in INFERENCE or token.norm in PLANS:
        reading.silent(f"“{token.text}” is a conclusion or plan that no cited row holds.", i)
    elif token.norm in RELATIVES:
        reading.silent(f"No cited row speaks of a relative (“{token.text}”).", i)
    else:
        reading.silent(f"No cited row says “{token.text}”.", i)


def _rival(terms: tuple[str, ...], facts: list[Facts]) -> str | None:
    """Another member of a set of which only one can be true, that a row holds."""
    said = {lexicon.name_of(t) if ":" in t else t for t in terms}
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


def _names(reading: Reading) -> None:
    """What the claim names must stand in its rows under the same negation, doubt, relative or plan."""
    for mention in reading.mentions:
        flags = {reading.tokens[n].flags for n in range(mention.first, mention.end)}
        terms = [t for n in range(mention.first, mention.end) for t in _terms_of(reading, n)]
        if any(f & OF_RELATIVE for f in flags):
            _same_relative(reading, mention, terms)
        held = [fact.flags_of(term) for fact in mention.facts for term in terms]
        held = [bits for bits in held if bits]
        if (
            not held
            or not _worded(mention)
            or all(reading.tokens[n].norm in PLANS for n in range(mention.first, mention.end))
            or any(bits >> f & 1 for bits in held for f in flags)
            or 0 in flags
            and any(b & 1 for b in held)
        ):
            continue
        said, found = min(flags), next((f for f in range(16) if held[0] >> f & 1), 0)
        apart = said ^ found
        if apart & NEGATED and said & NEGATED and _denial_is_of_something_else(reading, mention):
            continue
        kind = next((k for k in (OF_RELATIVE, NEGATED, DOUBTED, PLANNED) if apart & k), None)
        if kind:
            text = reading.claim.text[reading.tokens[mention.first].start : reading.tokens[mention.end - 1].end]
            reading.wrong(_WHY[kind].format(text), mention.first, mention.end, mention.facts[0])


def _same_relative(reading: Reading, mention: Mention, terms: list[str]) -> None:
    """What the record says of the father is not the mother's."""
    for i in reading.span_of(mention.first):
        norm = reading.tokens[i].norm
        if norm not in RELATIVES or norm in ("family", "relative", "relatives", "familial"):
            continue
        kin = stem(norm)
        if not any(
            kin in s.words and any(t in s.words for t in terms) for fact in mention.facts for s in fact.sentences
        ):
            reading.wrong(f"No cited row says this of the {norm}.", i, None, mention.facts[0])


def _terms_of(reading: Reading, n: int) -> list[str]:
    return [stem(reading.tokens[n].norm), *(m for first, end, m in reading.phrases or () if first <= n < end)]


def _worded(mention: Mention) -> bool:
    """A number's polarity is the number's affair; a name's is that of words."""
    return any(fact.value is None for fact in mention.facts)


def _denial_is_of_something_else(reading: Reading, mention: Mention) -> bool:
    """The negation before the mention was used up by another check: "not active", "no change"."""
    before = [t for t in reading.tokens[: mention.first] if t.norm in NEGATORS]
    return bool(before) and before[-1].done


def _negations(reading: Reading) -> None:
    """A negation that no check has used turns the claim around."""
    for i, token in enumerate(reading.tokens):
        if token.norm not in NEGATORS or token.done or token.kind != WORD:
            continue
        scope = [t for t in reading.tokens if t.flags & NEGATED]
        if any(_borne_negated(reading, t.norm) for t in scope) or any(f.inverted for f in reading.facts):
            token.done = True
        elif any(f.span and f.span[0] >= token.start for f in reading.findings if f.verdict.value != "supported"):
            continue
        else:
            fact = _bearer(reading.facts, (stem(token.norm),), 0)
            if fact:
                token.done = True
            else:
                reading.wrong(f"The claim denies (“{token.text}”) what the cited row holds.", i)


def _borne_negated(reading: Reading, norm: str) -> bool:
    term = stem(norm)
    return norm not in FILLER and any(fact.flags_of(term) >> NEGATED & 1 for fact in reading.facts)
