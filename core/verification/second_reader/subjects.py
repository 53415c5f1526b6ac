"""What a statement is about: the cited rows that the copied name may mean, found as the grammar finds them."""

from __future__ import annotations

from core.verification.grammar import tokens
from core.verification.grammar.chunk import Chunk
from core.verification.grammar.names import BY_NAME, BY_REASON, NO_NAME
from core.verification.row_names import NONE_KNOWN
from core.verification.second_reader.meanings import Unread, Words
from core.verification.second_reader.sentence import Sentence
from core.verification.statements import Subject
from core.verification.vocabulary.spelling import stem

COURSES = ("condition", "prescription", "allergy")
NOUNS = {"condition": "condition", "medicine": "prescription", "allergy": "allergy", "visit": "visit"}
SHORT_MAX = 5  # shorter words of a name are forms and units
Bearers = tuple[tuple[int, int], ...]


def test(words: Words) -> Subject:
    """The results of a test. Raises Unread where the words name several."""
    keyed = [chunk for chunk in words.chunks if key_of(chunk)]
    if keyed and not any(chunk.name and chunk.name.bearers for chunk in words.chunks if chunk not in keyed):
        return _by_key(words, key_of(keyed[0]))
    names = words.names
    key = next((name.means["assay"] for name in names if "assay" in name.means), None)
    return Subject(words.text, "observation", _common(names, words), key)


def key_of(chunk: Chunk) -> str:
    """The test that a word such as "weighed" or "febrile" is of."""
    return chunk.means.get("of test") or (chunk.means.get("read of") or "").partition("@")[2]


def _by_key(words: Words, key: str) -> Subject:
    rows = words.sentence.rows
    bearers = tuple((n, BY_NAME) for n, row in enumerate(rows) if f"assay:{key}" in row.name.heads)
    return Subject(words.text, "observation", bearers, key)


def _common(names: list[Chunk], words: Words) -> Bearers:
    """The rows that bear all names of the words, or all their stems. Raises Unread where none bears them all."""
    found = [set(name.bearers) for name in names]
    if not found:
        return _by_stems(words)
    common = set.intersection(*found)
    if not common and any(found):
        raise Unread(f"“{words.text}” as one name")
    return tuple(sorted(common))


def _by_stems(words: Words) -> Bearers:
    """The rows whose name, or reason, has every word, where the vocabulary names nothing in them."""
    stems = {stem(token.norm) for token in tokens.tokens(tokens.plain(words.text)) if token.kind == "word"}
    if not stems or words.has(("neg", "red", "relative")):
        return ()
    names = [(n, BY_NAME) for n, row in enumerate(words.sentence.rows) if stems <= row.name.terms]
    return (*names, *((n, BY_REASON) for n, row in enumerate(words.sentence.rows) if stems <= row.reason.terms))


def narrowed(about: Words, detail: Words) -> Words | None:
    """A name with what narrows it as one name ("concussion", "without LOC"), if some cited row bears the whole."""
    whole = of_text(f"{about.text} {detail.text}", about.sentence)
    names = whole.names
    one = len(names) == 1 and bool(names[0].name and names[0].name.bearers)
    return whole if one and len(whole.sentence.chunks) == 1 else None


def is_shortened(about: Words, whole: str) -> bool:
    """Whether a name shortens that of one cited medicine, and of no other: "clopi", "MTX"."""
    short, letters = about.text.lower().strip(), whole.lower().strip()
    named = [row for row in about.sentence.rows if row.type == "prescription"]
    fitting = {
        name
        for row in named
        for name in row.name.terms
        if name.isalpha() and len(name) > SHORT_MAX and shortens(short, name)
    }
    return shortens(short, letters) and bool(fitting) and all(stem(name) == stem(letters) for name in fitting)


def shortens(short: str, whole: str) -> bool:
    """Whether letters begin a word and stand in it in order."""
    left = iter(whole)
    return 1 < len(short) < len(whole) and short.isalpha() and short[0] == whole[0] and all(c in left for c in short)


def of_text(text: str, sentence: Sentence) -> Words:
    """A name that does not stand in the sentence as such, looked up in the same rows."""
    return Words(Sentence(text, sentence.rows), (0, len(text)), "")


def course(words: Words, kind: str) -> Subject:
    """A condition, medicine or allergy: of the kind that the rows say, where the reader says another."""
    if words.has(("no allergies",)):
        none = tuple((n, BY_NAME) for n, row in enumerate(words.sentence.rows) if NONE_KNOWN in row.name.terms)
        return Subject(words.text, "allergy", none)
    found = [(n, how) for n, how in _common(words.names, words) if how == BY_NAME]
    types = {words.sentence.rows[n].type for n, _ in found}
    chosen = kind if kind in types or not types else next((t for t in COURSES if t in types), kind)
    bearers = tuple(bearer for bearer in found if words.sentence.rows[bearer[0]].type == chosen)
    terms = frozenset().union(*[(name.name or NO_NAME).terms for name in words.names])
    return Subject(words.text, chosen, bearers, terms=terms)


def visit(words: Words) -> Subject:
    """The visits that a name may mean; all of them where it is only a word for a visit."""
    rows = words.sentence.rows
    visits = {n for n, row in enumerate(rows) if row.type == "visit"}
    for name in words.names:
        visits &= {n for n, _ in name.bearers}
    return Subject(words.text, "visit", tuple((n, BY_NAME) for n in sorted(visits)))


def counted(words: Words) -> Subject:
    """What a count is of: the rows of a name, or all of a kind."""
    noun = next((NOUNS[chunk.means["noun"]] for chunk in words.chunks if chunk.means.get("noun") in NOUNS), None)
    borne = [name for name in words.names if name.name and name.name.bearers]
    if borne:
        found = _by_name(_common(borne, words)) if noun is None else _common(borne, words)
        types = {words.sentence.rows[n].type for n, _ in found}
        kind = noun if noun in types else next(iter(sorted(types)))
        return Subject(words.text, kind, found)
    if noun is None or words.names:
        return Subject(words.text, noun or "row", ())
    bearers = tuple((n, BY_NAME) for n, row in enumerate(words.sentence.rows) if row.type == noun)
    return Subject(words.text, noun, bearers)


def _by_name(found: Bearers) -> Bearers:
    """Those that bear it as their name, if any: an episode of a condition is no visit for it."""
    return tuple(bearer for bearer in found if bearer[1] == BY_NAME) or found


def person(sentence: Sentence, written: str) -> Subject:
    """The row of the patient, if it is cited."""
    bearers = tuple((n, BY_NAME) for n, row in enumerate(sentence.rows) if row.type == "patient")
    return Subject(written, "patient", bearers)


def is_borne(words: Words) -> bool:
    """Whether a cited row has all of these words, though the vocabulary names nothing in them."""
    return bool(_common(words.names, words))


def detail(words: Words, *, kind: str = "detail") -> Subject:
    """What narrows or explains: its rows must say it themselves. Raises Unread where nothing names it."""
    bearers = _common(words.names, words)
    if not bearers and not words.names:
        raise Unread(f"“{words.text}”")
    words.accounted |= {"unknown", "which", "name"} if bearers and not words.names else set()
    if kind == "reason":
        bearers = tuple(bearer for bearer in bearers if bearer[1] == BY_REASON)
    return Subject(words.text, kind, bearers)
