"""Documents on paper: every character is there or named, each page says whose it is."""

from __future__ import annotations

import gc
import hashlib
import io
import os
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from core.web.paper import record_sheet, sheet, typefaces
from core.web.paper.sheet import Letterhead, Sheet
from tests.taken_files import pages_of

HEAD = Letterhead("陈美玲 Tan Mei Ling", "14 Mar 1961", "S••••567D", "Toa Payoh clinic", "29 Nov 2026")
LISTED = [
    line.split()[:2]
    for line in (typefaces.FOLDER / "VENDORED.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


def printed(sheet: Sheet) -> list[str]:
    file = io.BytesIO()
    sheet.save(file)
    return pages_of(file.getvalue())


@pytest.mark.parametrize(
    "words",
    ["Encik Ahmad: ubat darah tinggi", "血压偏高，请复诊", "陳大文", "≥ 3 ↑ −1.5 µmol/L ×10³", "Ångström café Łódź"],
)
def test_the_languages_of_the_clinics_are_printed_as_they_are(words: str) -> None:
    sheet = Sheet("Note", HEAD)
    sheet.paragraph(words)
    (page,) = printed(sheet)
    assert words in page


def test_of_documents_one_after_another_none_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own look for circles may come late, or never."""
    monkeypatch.setattr(sheet, "PAGES_MAX", 1)
    pieces: list[record_sheet.Add] = [lambda one: one.add_page()] * 6
    gc.collect()
    gc.disable()
    try:
        with open(os.devnull, "wb") as file:
            assert record_sheet.save(record_sheet.documents("Record", HEAD, pieces), file) == "zip"
        read = sum(isinstance(one, TTFont) for one in gc.get_objects())
    finally:
        gc.enable()
    # Each document reads five typefaces, as its holder's name is Chinese.
    assert read <= 5


def test_tamil_is_shaped() -> None:
    sheet = Sheet("Note", HEAD)
    sheet.faces.use(typefaces.TAMIL)
    apart = sum(sheet.fonts[typefaces.TAMIL].get_text_width(letter, 10, None)[1] for letter in "க்ஷ")
    together = sheet.measure("க்ஷ", size=10) / 25.4 * 72
    # Three signs are one letter.
    assert together < apart * 0.9


def test_a_character_of_no_typeface_is_its_number_and_never_a_blank() -> None:
    sheet = Sheet("Note", HEAD)
    sheet.paragraph("ไ 😀 \x07")
    (page,) = printed(sheet)
    assert "[U+0E44] [U+1F600] [U+0007]" in page


def test_each_page_says_whose_it_is_and_its_number() -> None:
    sheet = Sheet("Results", HEAD)
    sheet.grid([("Day", 40), ("Value", 60)], [[str(day), f"value {day}"] for day in range(200)])
    pages = printed(sheet)
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert "Tan Mei Ling · born 14 Mar 1961 · number S••••567D · Toa Payoh clinic" in page
        assert "printed 29 Nov 2026" in page
        assert "Day Value" in page
        assert f"Page {number} of {len(pages)}" in page
    assert [f"value {day}" for day in range(200) if f"value {day}" not in " ".join(pages)] == []


def test_long_words_and_long_cells_lose_nothing() -> None:
    sheet = Sheet("Note", HEAD)
    sheet.paragraph("x" * 5_000)
    sheet.grid([("A", 20), ("B", 30)], [["word " * 2_000, "y"]])
    text = "".join(printed(sheet))
    assert text.count("x") >= 5_000
    assert text.count("word") == 2_000


def test_typefaces_are_those_that_are_listed() -> None:
    for digest, name in LISTED:
        assert hashlib.sha256((typefaces.FOLDER / name).read_bytes()).hexdigest() == digest, name
    there = {path.name for path in Path(typefaces.FOLDER).iterdir()} - {"VENDORED.txt"}
    assert there == {name for _, name in LISTED} == {*typefaces.FILES.values(), "OFL.txt"}
