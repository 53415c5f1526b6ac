"""CSV whose lines are not all sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.interchange.csv_files import BadFile, Row, rows


def _read(folder: Path, content: bytes, columns: tuple[str, ...] = ("Id", "NAME")) -> list[Row]:
    path = folder / "x.csv"
    path.write_bytes(content)
    return list(rows(path, columns))


def _said(found: list[Row]) -> list[tuple[int, str | None]]:
    return [(row.place.line, row.cells.get("NAME") or row.fault) for row in found]


def test_sound_lines_with_quotes_and_both_line_ends(tmp_path: Path) -> None:
    found = _read(tmp_path, b'\xef\xbb\xbfId,NAME\r\n1,"A, ""B"""\r\n\r\n2,"two\nlines"\n3,last')
    assert _said(found) == [(2, 'A, "B"'), (4, "two\nlines"), (6, "last")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"2,b,c", "3 fields"),
        (b"2", "1 fields"),
        (b"2,b\x00d", "null byte"),
        (b"2,caf\xe9", "not UTF-8"),
        (b'2,"b"c', "not CSV"),
        (b'2,"never closed', "not CSV"),
    ],
)
def test_a_bad_line_stands_alone(tmp_path: Path, line: bytes, reason: str) -> None:
    first, bad, last = _read(tmp_path, b"Id,NAME\n1,a\n" + line + b"\n3,c\n")
    assert (first.cells["NAME"], last.cells["NAME"]) == ("a", "c")
    assert bad.place.line == 3
    assert bad.fault is not None
    assert reason in bad.fault
    assert bad.cells["Id"] == "2"


def test_a_quote_that_never_closes_swallows_nothing(tmp_path: Path) -> None:
    found = _read(tmp_path, b'Id,NAME\n1,"open\n' + b"".join(b"%d,n\n" % n for n in range(2, 1500)) + b'9,"also open\n')
    assert sum(row.fault is None for row in found) == 1498
    assert [row.place.line for row in found if row.fault] == [2, 1501]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"Id\n1\n", "lacks the column NAME"),
        ("Id,NAME\n1,a\n".encode("utf-16"), "UTF-16"),
        (b"Id,NAM\xc9\n", "not UTF-8"),
        (b"PK\x03\x04\x00\x00", "UTF-16|not"),
        (b"Id,NAME,Id\n", "twice"),
    ],
)
def test_a_file_that_is_not_this_table(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(BadFile, match=reason):
        _read(tmp_path, content)
