"""A folder of FHIR bundles: real ones of Synthea, copied under other ids, numbers and dates of birth."""

from __future__ import annotations

import gzip
import json
import os
import re
from pathlib import Path

# As many different bundles the shared data has.
KINDS = 12
SHARED_DATA = Path(os.environ.get("STRATA_SHARED_DATA", "../shared/data"))
_UUID = re.compile(r"\b([0-9a-f]{8})(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b")
_SSN = re.compile(r'"999-\d{2}-\d{4}"')
_LICENCE = re.compile(r'"(S999|X)\d{5,8}X?"')


def make(folder: Path, count: int) -> int:
    """Write `count` bundles, each of another patient; gives their bytes."""
    texts = [_plain(path) for path in sorted((SHARED_DATA / "synthea-59" / "fhir").iterdir()) if "json" in path.name]
    folder.mkdir(parents=True)
    size = 0
    for number in range(count):
        text = _copy(texts[number % len(texts)], number)
        size += (folder / f"bundle-{number:05}.json").write_text(text, encoding="utf-8")
    return size


def make_one(path: Path, size: int) -> int:
    """Write one bundle of about `size` bytes, of as many patients as that takes; gives its bytes."""
    texts = [_plain(file) for file in sorted((SHARED_DATA / "synthea-59" / "fhir").iterdir()) if "json" in file.name]
    entries: list[str] = []
    written = number = 0
    while written < size:
        text = _copy(texts[number % len(texts)], number)
        more = [json.dumps(entry) for entry in json.loads(text)["entry"]]
        entries += more
        written += sum(map(len, more))
        number += 1
    return path.write_text(f'{{"resourceType":"Bundle","type":"transaction","entry":[{",".join(entries)}]}}')


def _plain(path: Path) -> str:
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()


def _copy(text: str, number: int) -> str:
    """The same bundle of another person: ids and identifiers differ in each copy."""
    text = _UUID.sub(lambda found: f"{int(found[1], 16) ^ (number * 2_654_435_761 & 0xFFFFFFFF):08x}{found[2]}", text)
    text = _SSN.sub(f'"999-{number // 10_000 % 100:02}-{number % 10_000:04}"', text)
    return _LICENCE.sub(lambda found: f'"{found[1]}{number:08}"', text)
