"""Names, telephones, addresses and days of birth as other countries and servers write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import interchange_files as files
from tests.fhir_cases import only, read

PAST, TO_COME = {"end": "2001-01-01"}, {"end": "2190-01-01"}


def _values(folder: Path, **fields: Any) -> Any:
    population, summary = read(files.bundle(folder, files.fhir_patient(**fields)))
    assert not summary.refusals
    return only(population, "patient").values


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([{"family": "Old", "period": PAST}, {"family": "New"}], "New"),
        ([{"use": "official", "family": "Now", "period": TO_COME}, {"use": "usual", "family": "Other"}], "Now"),
        ([{"use": "old", "text": "Ada Before"}, {"use": "maiden", "text": "Ada Maiden"}], "Ada Maiden"),
        ([{"use": "nickname", "text": "Bob"}, {"use": "official", "family": "Ng", "given": ["Robert"]}], "Robert Ng"),
        ([{"family": "山田", "given": ["太郎"]}], "山田太郎"),
        ([{"family": "김", "given": ["민수"]}], "김민수"),
        ([{"family": "陳", "given": ["David", "大文"]}], "David 大文 陳"),
        ([{"family": "van de Heuvel", "given": ["Pieter", "M."], "suffix": ["MSc"]}], "Pieter M. van de Heuvel MSc"),
        ([{"text": "  Tan   Ah Kow "}], "Tan Ah Kow"),
        ([{"given": ["Kenzi"]}], "Kenzi"),
        ([{"use": "official", "text": ""}, {"use": "usual", "text": "Mo"}], "Mo"),
    ],
)
def test_the_name_in_use(tmp_path: Path, names: list[Any], shown: str) -> None:
    assert _values(tmp_path, name=names)["name"] == shown


@pytest.mark.parametrize(
    ("telecom", "phone"),
    [
        ([{"system": "phone", "value": "1", "period": PAST}, {"system": "phone", "value": "2"}], "2"),
        ([{"system": "phone", "value": "1", "rank": 2}, {"system": "phone", "value": "2", "rank": 1}], "2"),
        ([{"system": "phone", "value": "1", "use": "old"}, {"system": "email", "value": "a@b"}], None),
        ([{"system": "phone"}, {"system": "sms", "value": "3"}], "3"),
    ],
)
def test_the_telephone_in_use(tmp_path: Path, telecom: list[Any], phone: str | None) -> None:
    assert _values(tmp_path, telecom=telecom)["phone"] == phone


@pytest.mark.parametrize(
    ("addresses", "shown"),
    [
        ([{"line": ["1 Old Road"], "period": PAST}, {"line": ["2 New Road"]}], "2 New Road"),
        ([{"use": "billing", "line": ["Office"]}, {"use": "home", "line": ["Home"]}], "Home"),
        ([{"use": "home", "line": ["Home"], "period": TO_COME}], "Home"),
    ],
)
def test_the_address_in_use(tmp_path: Path, addresses: list[Any], shown: str) -> None:
    assert _values(tmp_path, address=addresses)["address"] == shown


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("other", [{"reference": f"urn:uuid:{files.OTHER}"}, {"reference": f"Patient/{files.OTHER}"}])
def test_who_is_replaced_is_told_by_the_other(tmp_path: Path, other: dict[str, str], turned: bool) -> None:
    people = [files.fhir_patient(link=[{"type": "replaces", "other": other}]), files.fhir_patient(files.OTHER)]
    population, _ = read(files.bundle(tmp_path, *(reversed(people) if turned else people)))
    told = {one.source_id: "replaced_by" in (one.values["said"] or "") for one in population.of("patient")}
    assert told == {files.PATIENT: False, files.OTHER: True}


@pytest.mark.parametrize("born", ["1950-01-01T00:00:00Z", "1950-01-01T23:30:00-08:00", "1950-01-01"])
def test_a_day_of_birth_is_the_day_that_is_written(tmp_path: Path, born: str) -> None:
    assert _values(tmp_path, birthDate=born)["birth_on"].isoformat() == "1950-01-01"
