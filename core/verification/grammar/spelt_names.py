"""Names and texts of rows word by word, as a sentence that repeats them is read."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import dropwhile

from core.verification.grammar import tokens
from core.verification.vocabulary import Unit

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
Spelling = tuple[tuple[str, Unit | None], ...]
Spelled = dict[str, list[tuple[Spelling, int]]]


@lru_cache(maxsize=8192)
def spellings(texts: tuple[str, ...]) -> tuple[Spelling, ...]:
    """Names word by word, as a sentence that repeats them is read; each also without what stands in brackets."""
    bare = (_BRACKETS.sub(" ", text) for text in texts)
    read_as = (tokens.tokens(tokens.plain(text)) for text in dict.fromkeys((*texts, *bare)))
    named = (tuple((word.norm, word.unit) for word in words) for words in read_as)
    return tuple(filter(None, (tuple(dropwhile(lambda word: word[0][:1].isdigit(), words)) for words in named)))


@lru_cache(maxsize=8192)
def told(texts: tuple[str, ...]) -> tuple[Spelling, ...]:
    """Texts of three words or more, word by word, without the stop that ends them."""
    read_as = (tokens.tokens(tokens.plain(text.rstrip(". "))) for text in texts)
    named = (tuple((word.norm, word.unit) for word in words) for words in read_as)
    return tuple(words for words in named if len(words) > 2)


def by_first_word(of_rows: list[tuple[Spelling, ...]]) -> Spelled:
    """What each row has word for word, with the row's place, by the first of its words."""
    found: Spelled = {}
    for n, own in enumerate(of_rows):
        for spelling in own:
            found.setdefault(spelling[0][0], []).append((spelling, n))
    return found
