"""Whatever somebody typed is text in a spreadsheet, in every cell and wherever the file is opened."""

from __future__ import annotations

import csv
import io

import pytest

from core.interchange.spreadsheets import MARK, CsvTable

# ASCII, the wide signs of East Asia, and what a cell begins with after a tab or a line's end.
RUN = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1", "＋1+1", "－1+1", "＠SUM(A1)"]


def opened(cell: object, delimiter: str) -> list[list[str]]:
    file = io.BytesIO()
    CsvTable(file, ("a", "b")).add((cell, "next"))
    text = file.getvalue().removeprefix(MARK).decode()
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[1:]


@pytest.mark.parametrize("text", RUN)
def test_no_cell_begins_with_a_sign_that_runs(text: str) -> None:
    assert opened(text, ",") == [[f"'{text}", "next"]]


@pytest.mark.parametrize("number", ["-1", "+65", "-0.5"])
def test_a_number_stays_one(number: str) -> None:
    assert opened(number, ",") == [[number, "next"]]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_no_sign_in_a_text_begins_another_cell(delimiter: str) -> None:
    for text in (f"fasting{delimiter}=1+1", f'"fasting"{delimiter}=1+1', f'a",{delimiter}=1+1'):
        cells = [cell for row in opened(text, delimiter) for cell in row]
        assert not [cell for cell in cells if cell.startswith("=")], cells
