"""What a claim names, and which of its rows bear that name. A test that no cited row holds is not addressed."""

from core.verification import lexicon
from core.verification.facts import Facts, name_terms, spellings
from core.verification.reading import Mention, Reading
from core.verification.text import WORD, stem
from core.verification.words import FILLER, HIGH, INFERENCE, LOW, NEGATORS, NORMAL, NUMBER_WORDS, STATUS_WORDS

NAMELESS = ("route", "frequency", "visit", "result")
_QUALIFIERS = HIGH | LOW | NORMAL
_TYPE_NOUNS = {
    "visit": "visit", "encounter": "visit", "appointment": "visit", "consultation": "visit", "admission": "visit",
    "seen": "visit", "attended": "visit", "note": "note", "admitted": "visit",
}  # fmt: skip


def check(reading: Reading) -> None:
    """Fill `reading.mentions`. Words that stand in a row word for word are accounted for here."""
    owners: list[list[Facts] | None] = [None] * len(reading.tokens)
    meanings: list[str | None] = [None] * len(reading.tokens)
    _word_for_word(reading, owners)
    _by_meaning(reading, owners, meanings)
    _by_stem(reading, owners)
    _gather(reading, owners, meanings)
    _type_nouns(reading)


def _word_for_word(reading: Reading, owners: list[list[Facts] | None]) -> None:
    for fact in reading.facts:
        for spelling in spellings(fact.names) if fact.names else ():
            if _claim_span(reading, owners, spelling, fact):
                break
        if fact.value_text and len(fact.value_text) > 3 and not fact.inverted:
            for spelling in spellings((fact.value_text,)):
                if _claim_span(reading, owners, spelling, fact):
                    break


def _claim_span(reading: Reading, owners: list[list[Facts] | None], spelling: str, fact: Facts) -> bool:
    found, at = False, reading.plain.find(spelling)
    while at >= 0:
        end = at + len(spelling)
        inside = [i for i, token in enumerate(reading.tokens) if token.start >= at and token.end <= end]
        whole = (at == 0 or not reading.plain[at - 1].isalnum()) and (
            end == len(reading.plain) or not reading.plain[end].isalnum()
        )
        if inside and whole and not _longer_name(reading, inside[0], inside[-1] + 1, fact):
            for i in inside:
                reading.tokens[i].done = True
                mine = owners[i]
                if mine is None:
                    owners[i] = [fact]
                elif fact not in mine:
                    mine.append(fact)
            found = True
        at = reading.plain.find(spelling, end)
    return found


def _longer_name(reading: Reading, first: int, end: int, fact: Facts) -> bool:
    """Whether the words are part of the name of another test: "haemoglobin" in "haemoglobin A1c"."""
    if fact.type != "observation" or fact.assay is None:
        return False
    for start, stop, meaning in _phrases(reading):
        if meaning.startswith("assay:") and start <= first and stop >= end and stop - start > end - first:
            return not _bears(fact, meaning)
    return False


def _phrases(reading: Reading) -> list[tuple[int, int, str]]:
    if reading.phrases is None:
        reading.phrases = lexicon.phrases_in(reading.tokens)
    return reading.phrases


def _by_meaning(reading: Reading, owners: list[list[Facts] | None], meanings: list[str | None]) -> None:
    for first, end, meaning in _phrases(reading):
        if meaning.startswith(NAMELESS) or all(owners[i] for i in range(first, end)):
            continue
        bearers = [fact for fact in reading.facts if _bears(fact, meaning)]
        if bearers:
            for i in range(first, end):
                owners[i], meanings[i] = bearers, meaning
            if meaning.startswith(("assay:", "brand:")) and all(fact.value_text is None for fact in bearers):
                reading.done(first, end)
        elif meaning.startswith("assay:") and not _said(reading, first, end):
            if _is_plain_word(reading, first, end):
                continue
            name = reading.claim.text[reading.tokens[first].start : reading.tokens[end - 1].end]
            reading.silent(f"No cited row is a result of {name}.", first, end)
            reading.missing = True


def _is_plain_word(reading: Reading, first: int, end: int) -> bool:
    """Short names that are also ordinary words: "map", "pain", "length"."""
    return end - first == 1 and reading.tokens[first].norm in (
        "map",
        "length",
        "na",
        "height",
        "pain",
        "iron",
        "protein",
        "hr",
        "sugar",
    )


def _said(reading: Reading, first: int, end: int) -> bool:
    """Whether a cited row holds these very words, outside a result's name."""
    stems = [stem(token.norm) for token in reading.tokens[first:end] if token.kind == WORD]
    return any(fact.assay is None and all(fact.flags_of(s) for s in stems) for fact in reading.facts)


def _bears(fact: Facts, meaning: str) -> bool:
    if meaning.startswith("assay:"):
        if fact.type == "observation" and fact.assay:
            own = "assay:" + fact.assay
            return own == meaning or own in lexicon.members(meaning)
        return bool(fact.flags_of(meaning))
    if fact.type == "observation" and fact.assay and not fact.value_text:
        return False
    if fact.flags_of(meaning):
        return True
    made_of = lexicon.ingredients(meaning)
    return bool(made_of) and all(fact.flags_of(part) or fact.flags_of(stem(part)) for part in made_of)


def _by_stem(reading: Reading, owners: list[list[Facts] | None]) -> None:
    for i, token in enumerate(reading.tokens):
        if owners[i] is not None or token.done or token.kind != WORD or token.norm in FILLER:
            continue
        if (
            token.norm in INFERENCE
            or token.norm in NEGATORS
            or token.norm in NUMBER_WORDS
            or token.norm in _QUALIFIERS
            or token.norm in STATUS_WORDS
        ):
            continue
        term = stem(token.norm)
        named = [
            fact for fact in reading.facts if term in name_terms(fact.names) and not (fact.assay and len(term) < 2)
        ]
        if named:
            owners[i] = named


def _gather(reading: Reading, owners: list[list[Facts] | None], meanings: list[str | None]) -> None:
    """Neighbouring words that name the same rows are one mention; forms and routes alone name nothing."""
    current: Mention | None = None
    forms = {i for first, end, m in _phrases(reading) if m.startswith("route:") for i in range(first, end)}
    for i, facts in enumerate(owners):
        if facts is None:
            if (
                reading.tokens[i].kind == WORD
                and current
                and current.end == i
                and reading.tokens[i].norm not in ("of", "in")
            ):
                current = None
            continue
        if i in forms and (current is None or current.end < i - 1):
            continue
        shared = [fact for fact in current.facts if fact in facts] if current and current.end >= i - 1 else []
        if current and shared and (meanings[i] is None or meanings[i] == current.meaning or current.meaning is None):
            current.facts, current.end = shared, i + 1
            current.meaning = current.meaning or meanings[i]
        else:
            current = Mention(i, i + 1, list(facts), meanings[i])
            reading.mentions.append(current)


def _type_nouns(reading: Reading) -> None:
    for i, token in reading.having(_TYPE_NOUNS.keys()):
        kind = _TYPE_NOUNS[token.norm]
        if not any(m.first <= i < m.end for m in reading.mentions):
            facts = [fact for fact in reading.facts if fact.type == kind]
            if facts:
                reading.mentions.append(Mention(i, i + 1, facts))
    reading.mentions.sort(key=lambda mention: mention.first)
