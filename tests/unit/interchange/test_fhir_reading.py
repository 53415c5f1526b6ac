"""How FHIR files are read: a window of the text at a time, in one process or several, in any order."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.interchange import fhir
from core.interchange.fhir import bundles, reading
from core.interchange.fhir.json_entries import Member, Window, members
from core.interchange.fhir.resource_index import Sources
from core.interchange.source_rows import Population
from core.interchange.summary import Summary, silent
from tests import interchange_files as files

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def _window(text: str, size: int) -> Window:
    pieces: Iterator[str] = iter([text[at : at + size] for at in range(0, len(text), size)])
    return Window(lambda: next(pieces, ""))


@given(
    st.dictionaries(st.text(max_size=4), VALUES, max_size=3),
    st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), max_size=4),
    st.integers(1, 9),
    st.sampled_from([None, 1]),
)
def test_a_window_of_any_size_reads_the_same(
    others: dict[str, Any], entries: list[Any], size: int, indent: int | None
) -> None:
    whole = {**others, "entry": entries}
    found = list(members(_window(json.dumps(whole, indent=indent), size), "entry", ()))
    assert [member.value for member in found if member.number] == entries
    assert {member.name: member.value for member in found if not member.number} == {
        name: value for name, value in whole.items() if name != "entry"
    }


@given(st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), max_size=5), st.integers(1, 9), st.data())
def test_elements_that_are_passed_over_are_not_read(entries: list[Any], size: int, data: Any) -> None:
    text = json.dumps({"entry": entries}, ensure_ascii=False)
    lengths = [member.length for member in members(_window(text, size), "entry", ())]
    kept = data.draw(st.lists(st.booleans(), min_size=len(entries), max_size=len(entries)))
    skips = [0 if keep else length for keep, length in zip(kept, lengths, strict=True)]
    found = [(member.number, member.value) for member in members(_window(text, size), "entry", (), skips)]
    assert found == [(number, entries[number - 1]) for number, keep in enumerate(kept, start=1) if keep]


def test_a_fault_is_named_with_its_place_in_the_whole_text() -> None:
    text = '{"a": 1,\n "entry": [{"b": 2},\n  {"c": oops}]}'
    with pytest.raises(json.JSONDecodeError) as whole:
        json.loads(text)
    read: list[Member] = []
    with pytest.raises(json.JSONDecodeError) as windowed:
        read.extend(members(_window(text, 4), "entry", ()))
    assert (windowed.value.lineno, windowed.value.colno) == (whole.value.lineno, whole.value.colno)


@pytest.mark.parametrize("marked", [{"modifierExtension": 1}, {"a": {"b": [{"modifierExtension": 1}]}}])
def test_what_may_turn_a_meaning_round_is_seen_in_the_text(marked: dict[str, Any]) -> None:
    text = json.dumps({"entry": [{"modifier": "Extension"}, marked]})
    found = list(members(_window(text, 7), "entry", ("modifierExtension", "\\u")))
    assert [member.is_plain for member in found] == [True, False]


def test_a_packed_bundle_is_never_in_memory_whole(tmp_path: Path) -> None:
    basic = {"resourceType": "Basic", "language": "x" * 500}
    entries = [{"resource": basic | {"id": f"b{number % 9}"}} for number in range(20_000)]
    text = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    path = tmp_path / "big.json.gz"
    path.write_bytes(gzip.compress(text.encode()))
    tracemalloc.start()
    _, summary = fhir.read_path(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert summary.left_out["Basic"] == 20_000
    assert peak < len(text) / 4


def _folder(folder: Path) -> Path:
    for number in range(4):
        who, visit = f"{number}1111111-1111-1111-1111-111111111111", f"{number}aaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
        about = {"subject": {"reference": f"urn:uuid:{who}"}, "encounter": {"reference": f"urn:uuid:{visit}"}}
        problem = files.fhir_child("Condition", "c1", code={"text": "Asthma"}) | about
        visit_of = files.fhir_encounter(visit, subject=about["subject"])
        person = files.fhir_patient(who, meta={"versionId": "1"})
        files.bundle(folder, person, visit_of, problem | {"id": f"c{number}"}, name=f"{number}.json")
    # The last file has a newer version of the first one's patient, and another one of nobody.
    newer = files.fhir_patient("01111111-1111-1111-1111-111111111111", meta={"versionId": "2"}, name=[{"text": "New"}])
    stray = files.fhir_child("Condition", "c9", code={"text": "Lost"}, subject={"reference": "Patient/none"})
    files.bundle(folder, newer, stray, name="z.json")
    return folder


def _told(population: Population, summary: Summary) -> Any:
    rows = sorted((r.kind, r.patient, str(r.values), str(r.place)) for r in population.everything())
    return rows, summary.as_dict()["by_kind"], summary.refusals, summary.left_out


def test_several_processes_read_what_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _folder(tmp_path)
    one = _told(*fhir.read_path(folder))
    monkeypatch.setattr(reading, "FILES_MIN", 1)
    monkeypatch.setattr(reading, "BYTES_MIN", 1)
    monkeypatch.setattr(reading, "processors", lambda: 2)
    several = _told(*fhir.read_path(folder))
    assert several == one
    assert ("patient", "New") in {(kind, "New" if "'New'" in values else "") for kind, _, values, _ in one[0]}


def test_what_goes_wrong_in_a_process_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _folder(tmp_path)
    found = bundles.files(folder)
    (folder / "1.json").rename(folder / "away")
    monkeypatch.setattr(reading, "FILES_MIN", 1)
    monkeypatch.setattr(reading, "BYTES_MIN", 0)
    monkeypatch.setattr(reading, "size_of", lambda files: 1)
    monkeypatch.setattr(reading, "processors", lambda: 2)
    with reading.reading(found, Sources("folder x"), ZoneInfo("UTC"), silent) as both:
        reasons = [refusal.reason for refusal in both.found.summary.refusals]
        assert len(list(both.made())) == 4
    assert len(reasons) == 1
    assert "can't be read" in reasons[0]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_deletion_counts_wherever_it_stands(tmp_path: Path, is_first: bool) -> None:
    gone = {"request": {"method": "DELETE", "url": "Condition/c1"}, "fullUrl": "http://a.example/Condition/c1"}
    problem = files.fhir_child("Condition", "c1", code={"text": "Asthma"})
    there = {"fullUrl": "http://a.example/Condition/c1", "resource": problem}
    person = {"fullUrl": f"urn:uuid:{files.PATIENT}", "resource": files.fhir_patient()}
    entries = [gone, there] if is_first else [there, gone]
    path = tmp_path / "b.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "history", "entry": [person, *entries]}))
    population, _ = fhir.read_path(path)
    assert population.of("condition") == []
    assert [one.source_id for one in population.retractions] == ["c1@a.example"]


def test_what_was_made_again_after_its_deletion_stands(tmp_path: Path) -> None:
    def version(number: int, **fields: Any) -> dict[str, Any]:
        etag = {"response": {"etag": f'W/"{number}"', "lastModified": f"2026-01-0{number}T00:00:00Z"}}
        return {"fullUrl": "http://a.example/Condition/c1"} | etag | fields

    def problem(number: int) -> dict[str, Any]:
        meta = {"versionId": str(number), "lastUpdated": f"2026-01-0{number}T00:00:00Z"}
        return files.fhir_child("Condition", "c1", code={"text": f"Version {number}"}, meta=meta)

    entries = [
        {"fullUrl": f"urn:uuid:{files.PATIENT}", "resource": files.fhir_patient()},
        version(3, resource=problem(3)),
        version(2, request={"method": "DELETE", "url": "Condition/c1"}),
    ]
    path = tmp_path / "b.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "history", "entry": entries}))
    population, _ = fhir.read_path(path)
    assert [record.values["name"] for record in population.of("condition")] == ["Version 3"]
    assert population.retractions == []
