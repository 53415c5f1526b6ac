"""What no other check has accounted for: a word must be ordinary or stand in a cited row, under the same negation."""

from core.verification import bearing, denials, lexicon
from core.verification.facts import Facts, name_terms
from core.verification.reading import Reading
from core.verification.scope import PLANNED
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

_OF_ALL = frozenset({"all", "both", "each", "every"})
_BOUND_TYPES = frozenset({"allergy", "prescription", "observation", "condition"})


def check(reading: Reading) -> None:
    denials.check_no_allergies(reading)
    _phrases(reading)
    for i, token in enumerate(reading.tokens):
        if token.kind == WORD and not token.done:
            _word(reading, i)
        elif token.kind == REFERENCE:
            _reference(reading, i)
        elif token.kind == MARK and token.text.isdigit() and not token.done:
            reading.wrong(f"The number {token.text} could not be read.", i)
    denials.check(reading)


def _reference(reading: Reading, i: int) -> None:
    if reading.tokens[i].text not in reading.claim.citations:
        reading.unsure(f"{reading.tokens[i].text} is not among the citations.", i)


def _phrases(reading: Reading) -> None:
    """Forms, routes, frequencies, kinds of visit, set results: the whole phrase must have a row that means it."""
    for first, end, meaning in reading.phrases or ():
        if all(token.done for token in reading.tokens[first:end]) or _is_filler(reading, first, end):
            continue
        if meaning.startswith("result:") and any(f.inverted for f in reading.facts) and meaning.endswith("negative"):
            reading.done(first, end)
            continue
        facts = _scoped(reading, first)
        flags = bearing.flags_at(reading, first)
        fact = bearing.bearer(facts, (meaning,), flags)
        if fact and meaning.startswith("visit:") and (other := _exception(reading, first, meaning, flags)):
            reading.wrong("Not all of the visits are that.", first, end, other)
            continue
        if fact and not any(f.type == "observation" and f.assay and meaning.startswith("assay:") for f in [fact]):
            reading.right(f"The cited row says {lexicon.name_of(meaning)}.", first, end, fact)
            continue
        if not fact and (rival := bearing.rival((meaning,), facts)):
            written = reading.claim.text[reading.tokens[first].start : reading.tokens[end - 1].end]
            reading.wrong(f"The claim says “{written}”; the cited row says {rival}.", first, end, facts[0])


def _exception(reading: Reading, i: int, meaning: str, flags: int) -> Facts | None:
    """ "All three visits were emergencies": a visit that is none."""
    if not any(reading.tokens[n].norm in _OF_ALL for n in reading.span_of(i)):
        return None
    return next((f for f in reading.facts if f.type == "visit" and not f.flags_of(meaning) >> flags & 1), None)


def _is_filler(reading: Reading, first: int, end: int) -> bool:
    return all(token.norm in FILLER for token in reading.tokens[first:end])


def _scoped(reading: Reading, i: int) -> list[Facts]:
    """The rows a describing word may rest on: those of what it describes, and rows of free text."""
    mention = reading.mention_of(i)
    if mention is None or not all(f.type in _BOUND_TYPES for f in mention.facts):
        return reading.facts
    return mention.facts + [f for f in reading.facts if f.type not in _BOUND_TYPES]


def _word(reading: Reading, i: int) -> None:
    token = reading.tokens[i]
    if token.norm in TYPE_WORDS:
        _type_word(reading, i)
    elif not _is_ordinary(reading, i):
        terms = bearing.terms(reading, i)
        facts = _scoped(reading, i)
        fact = _bearer(reading, i, terms, facts)
        if fact is not None and bearing.on_that_side(reading, i, fact):
            reading.right(f"The cited row says “{token.text}”.", i, None, fact)
        elif not (token.norm in PLANS and _speaks_of_plans(facts, terms)):
            _unborne(reading, i, terms, facts)


def _is_ordinary(reading: Reading, i: int) -> bool:
    """Whether the word says nothing about the patient here, or another check answers for it."""
    norm = reading.tokens[i].norm
    if norm in FILLER or norm in NEGATORS or _dates_something(reading, i):
        return True
    if norm in RELATIVES:
        return bool(bearing.held(reading.facts, [stem(norm)]))
    if norm == "work":
        return reading.before(i, 1) in (["lab"], ["laboratory"], ["blood"])
    return norm == "response" and any(f.type == "observation" and f.assay is None for f in reading.facts)


def _bearer(reading: Reading, i: int, terms: tuple[str, ...], facts: list[Facts]) -> Facts | None:
    """The row that says the word: one of `facts`, or another cited row that it names."""
    token = reading.tokens[i]
    flags = bearing.flags_at(reading, i)
    fact = bearing.bearer(facts, terms, flags)
    if fact is None and token.norm not in STATUS_WORDS and facts is not reading.facts:
        named = [f for f in reading.facts if f not in facts and any(t in name_terms(f.names) for t in terms)]
        fact = bearing.bearer(named, terms, flags)
    return fact


def _speaks_of_plans(facts: list[Facts], terms: tuple[str, ...]) -> bool:
    """Whether the rows say the planning word, or plan something in other words."""
    return bool(bearing.held(facts, terms)) or any(
        bits >> PLANNED for fact in facts for sentence in fact.sentences for bits in sentence.words.values()
    )


def _dates_something(reading: Reading, i: int) -> bool:
    """Whether the word says a beginning or an end of what has one: "started", "prescribed", "until"."""
    norm = reading.tokens[i].norm
    role = "start" if norm in START_WORDS else "stop" if norm in STOP_WORDS else None
    return role is not None and any(fact.day(role) for fact in reading.subject(i))


def _type_word(reading: Reading, i: int) -> None:
    types = TYPE_WORDS[reading.tokens[i].norm]
    following = next((m for m in reading.mentions if 0 < m.first - i <= 4), None)
    mention = following or reading.mention_of(i)
    facts = mention.facts if mention else reading.facts
    if (
        any(f.type in types for f in facts)
        or any(f.flags_of(stem(reading.tokens[i].norm)) for f in facts)
        or (any(f.type == "note" for f in reading.facts) and types == ("condition", "visit"))
    ):
        reading.done(i)
    else:
        reading.silent(f"No cited row bears out “{reading.tokens[i].text}”.", i)


def _unborne(reading: Reading, i: int, terms: tuple[str, ...], facts: list[Facts]) -> None:
    token = reading.tokens[i]
    bits = bearing.held(facts, terms)
    if bits:
        if not bearing.set_apart(reading, i, i + 1, bits, facts[0]):
            reading.wrong(f"The cited row says “{token.text}” of something else.", i, None, facts[0])
    elif rival := bearing.rival(terms, facts):
        reading.wrong(f"The claim says “{token.text}”; the cited row says {rival}.", i, None, facts[0])
    elif token.norm in INFERENCE or token.norm in PLANS:
        reading.silent(f"“{token.text}” is a conclusion or plan that no cited row holds.", i)
    elif token.norm in RELATIVES:
        reading.silent(f"No cited row speaks of a relative (“{token.text}”).", i)
    else:
        reading.silent(f"No cited row says “{token.text}”.", i)
