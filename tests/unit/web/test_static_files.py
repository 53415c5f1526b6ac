"""Files that are not ours are those that we vendored; our own sheet stays plain."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

STATIC = Path(__file__).parents[3] / "static"
LISTED = [
    line.split()[:2]
    for line in (STATIC / "js" / "VENDORED.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


def test_vendored_files_are_unchanged() -> None:
    for digest, name in LISTED:
        assert hashlib.sha256((STATIC / "js" / name).read_bytes()).hexdigest() == digest, name


def test_every_file_beside_ours_is_listed() -> None:
    ours = {"keys.js", "time-out.js", "passkeys.js", "VENDORED.txt"}
    assert {path.name for path in (STATIC / "js").iterdir()} - ours == {name for _, name in LISTED}


def test_the_sheet_fetches_nothing_from_elsewhere() -> None:
    sheet = (STATIC / "css" / "strata.css").read_text()
    assert re.search(r"https?:|@import|url\(", sheet) is None
