"""Cases from a file: what is read, and how a bad line is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.cases import HARD, BadCases, load

GOOD = {
    "id": "c1",
    "rows": [
        {"ref": "observation:12", "type": "observation", "patient_id": 7, "fields": {"name": "HbA1c", "value": 8.9}}
    ],
    "claim": {"text": "HbA1c was 8.9.", "citations": ["observation:12"]},
    "patient_id": 7,
    "label": "supported",
    "error_type": None,
}


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_a_case_reads_back_as_it_was_written(tmp_path: Path) -> None:
    (case,) = load(written(tmp_path, json.dumps(GOOD), ""))
    assert case.as_json() == GOOD


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": "maybe"}, "line 2: label is 'maybe': it is one of supported, contradicted, not_addressed"),
        ({"claim": {"text": "x"}}, "line 2: claim.citations is missing"),
        ({"claim": {"text": 5, "citations": []}}, "line 2: claim.text must be text"),
        ({"claim": {"text": "x", "citations": [5]}}, "line 2: claim.citations are references"),
        ({"rows": [{"ref": "a:1"}]}, "line 2: rows[0].type is missing"),
        ({"rows": ["x"]}, "line 2: rows[0] is not an object"),
        ({"patient_id": "7"}, "line 2: patient_id must be a whole number"),
        ({"patient_id": True}, "line 2: patient_id must be a whole number"),
        ({"error_type": 3}, "line 2: error_type is a string or null"),
        ({"id": "c1"}, "line 2: id 'c1' was used on line 1"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, change: dict, message: str) -> None:
    path = written(tmp_path, json.dumps(GOOD), json.dumps(GOOD | {"id": "c2"} | change))
    with pytest.raises(BadCases) as fault:
        load(path)
    assert str(fault.value).startswith(f"{path}, {message}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "line 1: not JSON"),
        (b"[]", "line 1: a case is a JSON object"),
        (b"", "no cases in it"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_file_that_holds_no_cases(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadCases, match=message):
        load(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadCases, match="No such file"):
        load(tmp_path / "none.jsonl")


def test_the_hand_written_set_has_every_label_and_about_half_true() -> None:
    cases = [case for path in HARD for case in load(path)]
    labels = [case.label for case in cases]
    assert len(cases) >= 60
    assert len({case.id for case in cases}) == len(cases)
    assert {"contradicted", "not_addressed"} < set(labels)
    assert 0.4 < labels.count("supported") / len(cases) < 0.6
    assert all((case.error_type is None) == (case.label == "supported") for case in cases)
