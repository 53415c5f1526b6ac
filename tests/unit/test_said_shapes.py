"""A part of `said` that its readers could not read is left out; what imports write there stays."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from core.interchange.fhir import exported_values
from core.models import PrescriptionStatus, said
from core.models.said_shapes import SHAPES
from core.sealing import sealed, stored_national_id
from core.services import courses, second_factor
from core.sources.find import Source

GOOD: dict[str, Any] = {
    "dates": {"onset_on": "month"}, "codings": [["http://snomed.info/sct", "44054006", None]], "note": "a remark",
    "security": [["http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "R"]], "exact": "0.0000012",
    "attachments": ["a title", ["a scan", "application/pdf", 12, "00ff"]], "name": {"given": ["Mei", "Ling"]},
    "site": {"text": "left arm", "codings": []}, "lapses": {"completed": "2026-01-31"}, "range_value": {"low": {}},
    "implausible": True, "of_a_later_version": 5,
}  # fmt: skip
ODD = (5, None, True, [5], [["x"]], [["x", 5, "y"]], {"a": 5}, {"text": 5})


def test_what_imports_write_is_kept() -> None:
    assert said.read(json.dumps(GOOD)) == GOOD


@pytest.mark.parametrize("odd", ODD, ids=map(str, ODD))
def test_an_odd_part_is_left_out(odd: Any) -> None:
    # Some parts are whatever the source gave of them.
    open_ones = {"name", "period_value", "range_value", "ratio_value"} if isinstance(odd, dict) else set()
    assert set(said.read(json.dumps(dict.fromkeys(SHAPES, odd)))) == open_ones


@pytest.mark.parametrize(
    "lapses", [{"of no kind": "2026-01-01"}, {"completed": 5}, {"completed": "soon"}, ["completed"]]
)
def test_a_course_with_odd_ends_stands(lapses: Any) -> None:
    """Else the job that ends courses would end none of the next patients' either."""
    assert courses.standing(json.dumps({"lapses": lapses}), date(2026, 5, 1)) == PrescriptionStatus.ACTIVE


@pytest.mark.parametrize(
    ("parts", "text"), [({"form": "integer"}, "x"), ({"comparator": "<"}, ""), ({"comparator": "<"}, None)]
)
def test_a_value_of_another_form_than_it_says_is_exported_as_its_words(parts: dict[str, Any], text: str | None) -> None:
    row = {"value_number": None, "value_text": text, "unit": None}
    assert exported_values.value(row, parts) == {"valueString": text}


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = SimpleNamespace(settings=SimpleNamespace(field_keys=("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",)))
    monkeypatch.setattr(sealed.databases, "current", lambda: kept)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("value", ["", "of no kind", "٣", "\x01", "x" * 20_000])
def test_a_sealed_value_that_no_key_opens_stops_nobody(value: str) -> None:
    assert stored_national_id.masked(value) == stored_national_id.NOT_READ
    assert stored_national_id.masked(sealed.seal("S1234567D")) == "S••••567D"
    with pytest.raises(second_factor.WrongCode):
        second_factor._secret(value)  # noqa: SLF001


@pytest.mark.parametrize("version", [-1, 0, 2**31])
def test_a_row_whose_hash_is_by_columns_that_nobody_knows_is_not_as_it_was(version: int) -> None:
    row = Source("note:1", "hot", {"id": 1}, "", 1)
    assert not row.is_as(SimpleNamespace(content_hash="", hash_version=version))
