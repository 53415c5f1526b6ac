"""Pictures that a report names stand beside it; those that nobody names are counted as left out."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from core.models import said
from tests import interchange_files as files
from tests.fhir_cases import AT, about, only, read_with

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 40).decode()


def picture(**fields: Any) -> dict[str, Any]:
    content = {"contentType": "image/png", "data": PNG, "title": "Biopsy"}
    return about("Media", id="m1", status="completed", content=content) | fields


def report(*links: dict[str, Any], **fields: Any) -> dict[str, Any]:
    whole = {"status": "final", "code": {"text": "Pathology"}, "issued": AT, "media": list(links)}
    return about("DiagnosticReport", id="r1", **(whole | fields))


LINK = {"link": {"reference": "Media/m1"}}
BINARY = {"resourceType": "Binary", "id": "b1", "contentType": "image/png", "data": PNG}


@pytest.mark.parametrize(
    ("resources", "kept", "text"),
    [
        ([picture(), report(LINK)], ["Biopsy"], "[Attached: Biopsy, image/png]"),
        ([report({**LINK, "comment": "Core 3"}), picture()], ["Core 3"], "[Attached: Core 3, image/png]"),
        ([picture(), report(LINK, conclusion="Benign")], ["Biopsy"], "Conclusion: Benign"),
        ([picture(content={"contentType": "image/png", "url": "Binary/b1"}), BINARY,
          report({**LINK, "comment": "Slide"})], ["Slide"], "[Attached: Slide, image/png]"),
        ([report({"link": {"reference": "#m1"}}, contained=[picture(subject=None)])], ["Biopsy"],
         "[Attached: Biopsy, image/png]"),
    ],
)  # fmt: skip
def test_a_picture_stands_beside_its_report(tmp_path: Path, resources: list[Any], kept: list[str], text: str) -> None:
    population, summary = read_with(tmp_path, *resources)
    note = only(population, "note")
    assert not summary.refusals
    assert [one[0] for one in said.read(note.values["said"])["attachments"]] == kept
    assert text in note.values["text"]
    assert not summary.left_out


@pytest.mark.parametrize(
    "resources",
    [
        [report({"link": {"reference": "Media/gone", "display": "Slide 7"}})],
        [picture(subject={"reference": f"urn:uuid:{files.OTHER}"}, content={"title": "Slide 7", "data": PNG}),
         report(LINK)],
        [picture(content={"title": "Slide 7", "url": "https://pacs.example/7"}), report(LINK)],
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_named(tmp_path: Path, resources: list[Any]) -> None:
    population, _ = read_with(tmp_path, *resources)
    note = only(population, "note")
    assert "[Not kept here: Slide 7, image]" in note.values["text"].replace("text/plain", "image")
    assert said.read(note.values["said"])["attachments"][0].startswith("Slide 7")


def test_a_picture_in_error_is_not_shown(tmp_path: Path) -> None:
    told = report(LINK, conclusion="Benign")
    population, _ = read_with(tmp_path, picture(status="entered-in-error"), told)
    assert "attachments" not in said.read(only(population, "note").values["said"])


@pytest.mark.parametrize("others", [[], [report(conclusion="Benign")], [report({"link": {"reference": "Media/m2"}})]])
def test_a_picture_that_no_report_names_is_counted(tmp_path: Path, others: list[Any]) -> None:
    _, summary = read_with(tmp_path, picture(), *others)
    assert summary.left_out["Media that no report names"] == 1


@pytest.mark.parametrize("kind", ["Procedure", "Condition", "Observation"])
def test_why_there_is_no_date_is_no_date(tmp_path: Path, kind: str) -> None:
    absent = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                             "valueCode": "unknown"}]}  # fmt: skip
    fields: dict[str, Any] = {
        "Procedure": {"status": "not-done", "code": {"text": "Prone position"}, "performedDateTime": absent},
        "Condition": {"code": {"text": "Asthma"}, "onsetDateTime": absent},
        "Observation": {"status": "final", "code": {"text": "X"}, "valueString": "y", "effectiveDateTime": absent},
    }[kind]
    population, summary = read_with(tmp_path, about(kind, **fields))
    made = {"Procedure": "statement", "Condition": "condition"}.get(kind)
    assert [one.reason.startswith("it has no time") for one in summary.refusals] == ([] if made else [True])
    assert made is None or len(population.of(made)) == 1
