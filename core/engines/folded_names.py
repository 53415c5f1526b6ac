"""A name as it is searched: without accents, apostrophes and hyphens, in small letters of one width.

`fold` does in Python what `folded` does on a server, so that a searched word is folded as the names are. On SQL Server
the collation sees no accents and widths; there only marks are taken away, and letters that have no accent to lose.
"""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

from sqlalchemy import Text

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
# Taken apart, an acute accent by itself is a space that has one.
_ALONE = "\u00b4"
_MARKS = "".join(mark for mark in _APOSTROPHES if mark not in ("'", _ALONE))
_FROM = _SPACED + _ALONE + _LETTERS + _MARKS
_TO = " " * len(_SPACED + _ALONE) + _PLAIN + "''" * len(_MARKS)
MSSQL_FOLDED = (
    f"replace(replace(replace(replace(translate(lower({{0}}), N'{_FROM}', N'{_TO}'), N'''', N''), N'\u00df', N'ss'),"
    " N'\u00e6', N'ae'), N'\u0153', N'oe') COLLATE Latin1_General_100_CI_AI_SC_UTF8"
)


class folded(Worded):
    """A name as it is searched."""

    type = Text()
    inherit_cache = True
    words: ClassVar[Any] = {"postgresql": "strata_folded({0})", "mssql": MSSQL_FOLDED}


def fold(text: str) -> str:
    """A searched text as `folded` makes names."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if one not in _REMOVED)
    return " ".join(plain.lower().translate(_TABLE).split())
