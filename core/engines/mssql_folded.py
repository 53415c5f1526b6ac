"""A name as it is searched, in T-SQL: a computed column that replaces letters, the same on every server.

A collation without accents would do part of it, but servers differ in those they have, and in what these call equal.
Letters that fold to two are replaced last. What stands outside the scripts below stays as it is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from core.engines.folded_names import folded_letters
from core.engines.mssql_hash import COLLATION

# Latin, Greek, Cyrillic and Armenian; Latin and Greek with accents, and signs between words; Han of other sets; letters
# of full and half width.
SCRIPTS = ((0x20, 0x530), (0x531, 0x557), (0x1E00, 0x2070), (0xF900, 0xFAFF), (0xFF01, 0xFF9E))
# What folds to two letters: each such letter, and the one that is replaced by both.
PAIRS = {"ss": "\u00df", "ae": "\u00e6", "oe": "\u0153", "ij": "\u0133", "dz": "\u01c6", "lj": "\u01c9", "nj": "\u01cc"}
# A name has at most 200 letters, each of which may become two.
MOST = 400
# Taken out after all else is translated.
REMOVED = "'"


def _letters() -> Iterator[tuple[str, str]]:
    """Each letter that is translated, and what to."""
    for first, last in SCRIPTS:
        for letter in map(chr, range(first, last)):
            made = unicodedata.normalize("NFC", folded_letters(letter)) or REMOVED
            made = PAIRS.get(made, made)
            if len(made) == 1 and made != letter:
                yield letter, made


def computed(column: str) -> str:
    """The T-SQL of a column's folded text."""
    taken, made = ("".join(letters).replace("'", "''") for letters in zip(*_letters(), strict=True))
    text = f"translate({column} COLLATE {COLLATION}, N'{taken}', N'{made}')"
    for letters, letter in (("", "''"), *PAIRS.items()):
        text = f"replace({text}, N'{letter}', N'{letters}')"
    return f"CAST({text} AS nvarchar({MOST}))"
