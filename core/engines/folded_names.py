"""A name as it is searched: without accents, apostrophes and hyphens, in small letters of one width.

`fold` does in Python what `folded` does on a server, so that a searched word is folded as the names are. PostgreSQL has
a function that takes letters apart. SQL Server has none: a computed column replaces each letter by what it folds to.
"""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

from sqlalchemy import Dialect, Text, TypeDecorator

from core.engines.functions import Worded

# Apostrophes of all kinds.
_APOSTROPHES = "'\u2018\u2019\u201b`\u00b4\u02bc\u02b9\u02bb"
_REMOVED = frozenset(map(chr, range(0x0300, 0x0370))) | frozenset(_APOSTROPHES)
# Hyphens and points stand between parts of a name; some letters have no accent that could be taken off.
_SPACED = "-\u2010\u2011\u2012\u2013\u2014.,"
_LETTERS, _PLAIN = "\u00f8\u0142\u0111\u0127\u0131\u0167", "oldhit"
_LONGER = {"\u00df": "ss", "\u00e6": "ae", "\u0153": "oe"}
_TABLE = str.maketrans(_SPACED + _LETTERS, " " * len(_SPACED) + _PLAIN) | str.maketrans(_LONGER)

_QUOTED = _APOSTROPHES.replace("'", "''")
POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION strata_folded(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT replace(replace(replace(translate(lower(
  regexp_replace(normalize(name, NFKD), '[\\u0300-\\u036f{_QUOTED}]', '', 'g')),
  '{_SPACED}{_LETTERS}', '{" " * len(_SPACED)}{_PLAIN}'), '\u00df', 'ss'), '\u00e6', 'ae'), '\u0153', 'oe')
$$
"""


class FoldedText(TypeDecorator[str]):
    """Text that is compared with a folded name: composed on SQL Server, whose names stay so (a syllable of Hangul)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None or dialect.name != "mssql" else unicodedata.normalize("NFC", value)


class folded(Worded):
    """A name as it is searched. On SQL Server, the column that migrations compute beside it."""

    type = FoldedText()
    inherit_cache = True
    words: ClassVar[Any] = {"postgresql": "strata_folded({0})", "mssql": "{0}_folded"}


def fold(text: str) -> str:
    """A searched text as `folded` makes names."""
    return " ".join(folded_letters(text).split())


def folded_letters(text: str) -> str:
    """A text's letters as `folded` makes them, taken apart; spaces as they are."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if one not in _REMOVED)
    return plain.lower().translate(_TABLE)
