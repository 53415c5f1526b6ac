"""A document of A4 pages, each with its holder's name, birth date and number, the clinic, the day, and page x of y."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO

from core.web.paper.pen import INK, POINT, TEXT, Pen
from core.web.paper.typefaces import BOLD, LATIN

LEFT, RIGHT, TOP, BOTTOM = 15.0, 195.0, 24.0, 280.0
WIDTH = RIGHT - LEFT
SMALL, HEADINGS = 8.0, {1: 16.0, 2: 12.5, 3: 10.0}
LEADING = POINT * 1.35
TERM_WIDTH = 38.0
QUIET, RULE = 90, 190
PAGES_MAX = 100
Column = tuple[str, float]


@dataclass(frozen=True)
class Letterhead:
    """What stands on each page: whose it is, which clinic's, and when it was printed."""

    name: str
    born: str
    masked_number: str
    clinic: str | None
    printed: str

    @property
    def words(self) -> str:
        number = f"number {self.masked_number}" if self.masked_number else ""
        return " · ".join(filter(None, (self.name, f"born {self.born or 'on an unknown day'}", number, self.clinic)))


class Sheet(Pen):
    """Text, facts and tables from top to bottom, on as many pages as they need."""

    def __init__(self, title: str, head: Letterhead) -> None:
        super().__init__()
        self._title, self._head = title, head
        self.set_auto_page_break(auto=False)
        self.set_title(title)
        self.set_lang("en")
        self.set_creator("Strata")
        for name in (LATIN, BOLD):
            self.faces.use(name)
        self.add_page()

    def header(self) -> None:
        """The name and the title at the top of each page."""
        first, *rest = self.wrapped(self._head.words, WIDTH - 3, BOLD, SMALL)
        self.put(LEFT, 12, f"{first}…" if rest else first, face=BOLD, size=SMALL)
        self.put(LEFT, 16.5, f"{self._title} · printed {self._head.printed}", size=SMALL, shade=QUIET)
        self.rule(18.5)
        self.set_y(TOP)

    def footer(self) -> None:
        """The page's number at its foot; how many there are is known at the end."""
        self.set_font(LATIN, size=SMALL)
        self.set_text_color(QUIET)
        self.set_xy(LEFT, 286)
        self.cell(WIDTH, 4, f"Page {self.page_no()} of {{nb}}", align="R")

    def save(self, file: IO[bytes]) -> None:
        """Write the document to a file, and let all of it go: the library keeps pages and typefaces in circles."""
        file.write(self.output())
        vars(self).clear()

    @property
    def is_full(self) -> bool:
        """Whether more pages would take more memory than one document may."""
        return self.page_no() >= PAGES_MAX

    def heading(self, words: str, level: int = 2) -> None:
        """A heading, which stays with what follows it."""
        size = HEADINGS[level]
        self.room(size * LEADING + 14)
        self.down(0 if level == 1 else 2.5)
        self._lines(words, face=BOLD, size=size)
        self.down(1)

    def paragraph(self, words: str, *, quiet: bool = False) -> None:
        """Words in lines; a new line in them stays one."""
        self._lines(words, size=SMALL if quiet else TEXT, shade=QUIET if quiet else INK)
        self.down(1)

    def facts(self, pairs: Iterable[tuple[str, str | None]]) -> None:
        """Terms and values; a term without a value is left out."""
        for term, value in pairs:
            if value:
                self.across([(term, TERM_WIDTH), (value, WIDTH - TERM_WIDTH)], shades=(QUIET, INK))
        self.down(1)

    def grid(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """Rows under column titles, which stand again on each page; a column has a title and a width."""
        self._titles(columns)
        for row in rows:
            cells = [(words, width) for words, (_, width) in zip(row, columns, strict=True)]
            wrapped = self._wrapped(cells, LATIN)
            if _height(wrapped) > BOTTOM - self.get_y():
                self.add_page()
                self._titles(columns)
            self._put_across(wrapped, cells, LATIN, ())
            self.rule(self.get_y() - 0.6)
        self.down(2.5)

    def across(self, cells: Sequence[Column], *, face: str = LATIN, shades: Sequence[int] = ()) -> None:
        """Words side by side, each in a width, as high as the highest. Those higher than a page go on on the next."""
        self._put_across(self._wrapped(cells, face), cells, face, shades)

    def room(self, height: float) -> None:
        """Go to a new page unless this one has the room."""
        if self.get_y() + height > BOTTOM:
            self.add_page()

    def down(self, height: float) -> None:
        """Leave some of the page free."""
        self.set_y(self.get_y() + height)

    def rule(self, y: float) -> None:
        """A thin line across the page."""
        self.set_draw_color(RULE)
        self.line(LEFT, y, RIGHT, y)

    def _titles(self, columns: Sequence[Column]) -> None:
        self.room(16)
        self.across(columns, face=BOLD)
        self.rule(self.get_y() - 0.6)

    def _wrapped(self, cells: Sequence[Column], face: str) -> list[list[str]]:
        return [list(self.wrapped(words, width - 2, face)) for words, width in cells]

    def _put_across(
        self, wrapped: Sequence[Sequence[str]], cells: Sequence[Column], face: str, shades: Sequence[int]
    ) -> None:
        for number in range(max(map(len, wrapped))):
            self.room(TEXT * LEADING)
            x, foot = LEFT, self.get_y() + TEXT * POINT
            for place, (lines, (_, width)) in enumerate(zip(wrapped, cells, strict=True)):
                if number < len(lines):
                    self.put(x, foot, lines[number], face=face, shade=shades[place] if shades else INK)
                x += width
            self.down(TEXT * LEADING)
        self.down(0.8)

    def _lines(self, words: str, *, face: str = LATIN, size: float, shade: int = INK) -> None:
        for line in self.wrapped(words, WIDTH, face, size):
            self.room(size * LEADING)
            self.put(LEFT, self.get_y() + size * POINT, line, face=face, size=size, shade=shade)
            self.down(size * LEADING)


def _height(wrapped: Sequence[Sequence[str]]) -> float:
    """What cells need, at most a page: higher ones go on on the next."""
    return min(max(map(len, wrapped)) * TEXT * LEADING + 0.8, BOTTOM - TOP - 16)
