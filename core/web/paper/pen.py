"""Writing lines of text in several typefaces: how wide they are, where they break."""

from __future__ import annotations

from collections.abc import Iterator

from fpdf import FPDF

from core.web.paper.typefaces import LATIN, TAMIL, Typefaces

POINT = 25.4 / 72
TEXT, INK = 9.5, 20
# More characters than a line can hold.
LINE_CHARS_MAX = 400
WORDS_MAX = 20_000


class Pen(FPDF):
    """An A4 document on which lines are written at a place; lengths are in mm, sizes of type in points."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        self.faces = Typefaces(self)
        self._widths: dict[tuple[str, float, str], float] = {}

    def wrapped(self, words: str, width: float, face: str = LATIN, size: float = TEXT) -> Iterator[str]:
        """The words in printable lines of at most a width; a new line in them stays one."""
        space = self._known_width(" ", face, size)
        for part in words.splitlines() or [""]:
            line, used = "", 0.0
            for word in self._pieces(self.faces.printable(part), width, face, size):
                wide = self._known_width(word, face, size)
                if line and used + space + wide > width:
                    yield line
                    line, used = "", 0.0
                line, used = (f"{line} {word}", used + space + wide) if line else (word, wide)
            yield line

    def measure(self, text: str, face: str = LATIN, size: float = TEXT) -> float:
        """The width of a printable text."""
        return sum(self._run_width(run, _face(name, face), size) for name, run in self.faces.runs(text))

    def put(self, x: float, y: float, text: str, *, face: str = LATIN, size: float = TEXT, shade: int = INK) -> None:
        """Write a line that begins at `x`, with its foot at `y`."""
        self.set_text_color(shade)
        for name, run in self.faces.runs(self.faces.printable(text)):
            used = _face(name, face)
            self.set_font(used, size=size)
            if used == TAMIL:
                self._put_shaped(x, y, run)
            else:
                self.text(x, y, run)
            x += 0 if run is text else self._run_width(run, used, size)

    def _pieces(self, text: str, width: float, face: str, size: float) -> Iterator[str]:
        """The words of a text; one that is wider than a line in as many pieces as it needs."""
        for word in text.split():
            if self._known_width(word, face, size) <= width:
                yield word
                continue
            start = 0
            while self.measure(word[start : start + LINE_CHARS_MAX], face, size) > width:
                end = self._fits(word, start, width, face, size)
                yield word[start:end]
                start = end
            yield word[start:]

    def _fits(self, word: str, start: int, width: float, face: str, size: float) -> int:
        """Where the piece of a word that begins at `start` must end: it has a character at least."""
        end, used = start, 0.0
        while end < len(word):
            used += self.measure(word[end], face, size)
            if used > width and end > start:
                return end
            end += 1
        return end

    def _known_width(self, word: str, face: str, size: float) -> float:
        """The width of a word, measured once: a record has few words, many times."""
        key = (face, size, word)
        if key not in self._widths:
            if len(self._widths) >= WORDS_MAX:
                self._widths.clear()
            self._widths[key] = self.measure(word[:LINE_CHARS_MAX], face, size)
        return self._widths[key]

    def _run_width(self, run: str, name: str, size: float) -> float:
        if name != TAMIL:
            return self.fonts[name].get_text_width(run, size, None)[1] * POINT
        self.set_font(name, size=size)
        self.set_text_shaping(True)
        width = self.get_string_width(run)
        self.set_text_shaping(False)
        return width

    def _put_shaped(self, x: float, y: float, run: str) -> None:
        """Tamil: its letters change their form and place beside each other."""
        before, width = (self.x, self.y), self._run_width(run, TAMIL, self.font_size_pt)
        self.set_text_shaping(True)
        self.set_xy(x - self.c_margin, y - self.font_size)
        self.cell(width + 2 * self.c_margin, self.font_size * 1.3, run)
        self.set_text_shaping(False)
        self.set_xy(*before)


def _face(name: str, face: str) -> str:
    return face if name == LATIN else name
