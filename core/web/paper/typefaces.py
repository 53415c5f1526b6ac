"""Which of our typefaces has a character. What none has is written as its number, so that nothing is lost unseen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from fpdf import FPDF
from fpdf.fonts import TTFFont

FOLDER = Path(__file__).parent / "fonts"
LATIN, BOLD, SIGNS, TAMIL, HAN, RARE_HAN = "latin", "latin-bold", "signs", "tamil", "han", "rare-han"
FILES = {
    LATIN: "NotoSans-Regular.ttf",
    BOLD: "NotoSans-Bold.ttf",
    SIGNS: "NotoSansMath-Regular.ttf",
    TAMIL: "NotoSansTamil-Regular.ttf",
    HAN: "DroidSansFallback-Common.ttf",
    RARE_HAN: "DroidSansFallback-Rare.ttf",
}
# Tried in this order: a Chinese typeface is read only for a text that needs it.
ORDER = (LATIN, SIGNS, TAMIL, HAN, RARE_HAN)
# Join or part letters of Tamil, and leave no mark of their own.
JOINERS = "\u200c\u200d"
BLANKS = {0x09: " ", 0x0A: " ", 0x0B: " ", 0x0C: " ", 0x0D: " ", 0xFEFF: "", 0xAD: ""}


class Typefaces:
    """The typefaces of one document, each added to it when a text first needs it."""

    def __init__(self, document: FPDF) -> None:
        self._document = document
        self._known: dict[str, str | None] = {}

    def use(self, name: str) -> None:
        """Add a typeface to the document."""
        if name not in self._document.fonts:
            self._document.add_font(name, fname=FOLDER / FILES[name])

    def printable(self, text: str) -> str:
        """The text in one line; a character that no typeface has is its number, such as `[U+0E01]`."""
        plain = text.translate(BLANKS)
        if plain.isascii() and plain.isprintable():
            return plain
        return "".join(char if self._of(char) else f"[U+{ord(char):04X}]" for char in plain)

    def runs(self, text: str) -> Iterator[tuple[str, str]]:
        """Pieces of a printable text with the typeface of each."""
        if text.isascii():
            yield LATIN, text
            return
        for name, chars in groupby(self._fitted(text), key=lambda fitted: fitted[0]):
            yield name, "".join(char for _, char in chars)

    def _fitted(self, text: str) -> Iterator[tuple[str, str]]:
        before = LATIN
        for char in text:
            # A space or a joiner stays with what stands before it.
            before = before if char in JOINERS else self._of(char) or LATIN
            yield before, char

    def _of(self, char: str) -> str | None:
        if char not in self._known:
            self._known[char] = next((name for name in ORDER if self._has(name, char)), None)
        return self._known[char]

    def _has(self, name: str, char: str) -> bool:
        self.use(name)
        face = self._document.fonts[name]
        return char in JOINERS or (isinstance(face, TTFFont) and ord(char) in face.cmap)
