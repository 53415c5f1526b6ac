"""Files that are large, or that say one thing very often: what they take of memory, and that all is counted."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.interchange.fhir.json_entries import Window, members
from tests import interchange_files as files
from tests.fhir_cases import about, measured, read

MB = 1_000_000
BYTES_LENT = 300
LONG = "QUFB" * (5 * MB)


def _write(path: Path, resources: list[dict[str, Any]]) -> Path:
    entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in [files.fhir_patient(), *resources]]
    path.write_bytes(
        gzip.compress(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode())
    )
    return path


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.parametrize(
    "resource",
    [
        about("DocumentReference", status="current", date="2026-10-05",
              content=[{"attachment": {"contentType": "text/plain", "data": LONG}}]),
        about("DocumentReference", status="current", date="2026-10-05",
              content=[{"attachment": {"contentType": "application/pdf", "data": LONG}}]),
        {"resourceType": "Binary", "id": "b1", "contentType": "application/pdf", "data": LONG},
    ],
    ids=["a note that is too long", "a PDF", "a Binary"],
)  # fmt: skip
def test_one_long_value_takes_little_more_than_its_text_twice(
    tmp_path: Path, resource: dict[str, Any], traced: None
) -> None:
    path = _write(tmp_path / "long.json.gz", [resource])
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    read(path)
    _, peak = tracemalloc.get_traced_memory()
    assert peak - before < 2.5 * len(LONG)


def test_one_resource_many_times_is_kept_once(tmp_path: Path, traced: None) -> None:
    path = _write(tmp_path / "often.json.gz", [measured()] * 4_000)
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    _, summary = read(path)
    _, peak = tracemalloc.get_traced_memory()
    assert peak - before < 3 * MB
    assert (summary.of("observation").read, summary.of("observation").unchanged) == (4_000, 3_999)


def _panels(count: int, *, timed: bool) -> list[dict[str, Any]]:
    """Reports of ten values each, whose times the values tell too, or not."""
    made = []
    for number in range(count):
        at = {"effectiveDateTime": f"2026-10-05T{number // 60 % 24:02}:{number % 60:02}:00+08:00"}
        names = [f"2ad00000-0000-4000-8000-{number:010}{one:02}" for one in range(10)]
        values = [measured(id=name) | at for name in names]
        made += [value if timed else {key: value[key] for key in value if key not in at} for value in values]
        results = [{"reference": f"urn:uuid:{name}"} for name in names]
        made.append(
            about("DiagnosticReport", id=f"r{number}", status="final", code={"text": "Blood"}, result=results) | at
        )
    return made


def test_a_lent_time_takes_little_beside_its_row(tmp_path: Path, traced: None) -> None:
    peaks = []
    for timed in (True, False):
        path = _write(tmp_path / f"{timed}.json.gz", _panels(150, timed=timed))
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        population, summary = read(path)
        peaks.append(tracemalloc.get_traced_memory()[1] - before)
        assert (len(population.of("observation")), summary.refused) == (1_500, 0)
        del population, summary
    # The remark that tells whose time it is takes a part of it.
    assert (peaks[1] - peaks[0]) / 1_500 < BYTES_LENT


def test_each_repeat_of_a_version_that_is_refused_is_counted(tmp_path: Path) -> None:
    versions = [measured()] * 3 + [measured(status="amended")] * 2
    population, summary = read(_write(tmp_path / "two.json.gz", versions))
    assert population.of("observation") == []
    assert (summary.of("observation").read, summary.of("observation").refused) == (5, 5)


@pytest.mark.parametrize("size", [1, 3, 7, 1_000])
def test_long_entries_are_passed_over_however_the_text_is_cut(size: int) -> None:
    entries = [json.dumps({"n": number, "text": "x" * number * 9}) for number in range(6)]
    text = '{"entry": [\n' + ",\n".join(entries) + "]}"
    parts = iter([text[at : at + size] for at in range(0, len(text), size)])
    skips = [0, len(entries[1]), 0, len(entries[3]), len(entries[4]), 0]
    found = members(Window(lambda: next(parts, "")), "entry", (), skips)
    assert [member.value["n"] for member in found] == [0, 2, 5]


def test_a_fault_behind_a_long_value_is_told_with_its_place() -> None:
    text = '{"entry": [\n"' + "x" * (3 << 20) + '",\n  oops]}'
    parts = iter([text[at : at + (1 << 18)] for at in range(0, len(text), 1 << 18)])
    found = members(Window(lambda: next(parts, "")), "entry", ())
    next(found)
    with pytest.raises(json.JSONDecodeError) as fault:
        list(found)
    assert (fault.value.lineno, fault.value.colno) == (3, 3)
