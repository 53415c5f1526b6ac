"""Only an answer that fits is read; a fault's message never quotes the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workers.reports import schemas
from workers.reports.faults import Unusable

CODES = ["BF", "BG"]


def draft(**changes: Any) -> str:
    claim = {"section": "Results", "text": "HbA1c was 8.9 %.", "citations": ["BF"], **changes}
    return json.dumps({"claims": [claim]})


def test_a_draft_is_read() -> None:
    (claim,) = schemas.read_draft(draft(), CODES)
    assert (claim.section, claim.text, claim.citations) == ("Results", "HbA1c was 8.9 %.", ["BF"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("Here you are: {}", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("null", "does not fit the schema"),
        ('{"summary": "all well"}', "does not fit the schema: missing at claims"),
        ('{"claims": []}', "too_short at claims"),
        (draft(citations=[]), "too_short at claims.0.citations"),
        (draft(citations=["ZZ"]), "claim 1 cites a row that was not supplied"),
        (draft(citations=["observation:12"]), "claim 1 cites a row that was not supplied"),
        (draft(text="   "), "too_short at claims.0.text"),
        (draft(text="[BF]"), "claim 1 says nothing"),
        (draft(text="x" * 1_001), "too_long at claims.0.text"),
        (draft(text=12), "string_type at claims.0.text"),
        (draft(confidence="high"), "extra_forbidden at claims.0"),
        (json.dumps({"claims": [json.loads(draft())["claims"][0]] * 41}), "too_long at claims"),
        (draft() + "x" * 200_001, "200,0"),
    ],
)
def test_anything_else_is_unusable(text: str, why: str) -> None:
    with pytest.raises(Unusable, match=why.replace("(", r"\(")):
        schemas.read_draft(text, CODES)


def test_a_fault_never_quotes_the_answer() -> None:
    with pytest.raises(Unusable) as fault:
        schemas.read_draft(json.dumps({"claims": [{"Tan_Mei_Ling": "secret", "text": "secret"}]}), CODES)
    assert "secret" not in str(fault.value)
    assert "Tan" not in str(fault.value)


def test_references_in_the_words_are_taken_out() -> None:
    (claim,) = schemas.read_draft(draft(text="HbA1c was 8.9 % (BF, BG), high [BG]."), CODES)
    assert claim.text == "HbA1c was 8.9 %, high."


def revision(**changes: Any) -> str:
    one = {"claim": "BBB", "action": "replace", "text": "Better.", "citations": ["BF"], **changes}
    return json.dumps({"revisions": [one]})


def test_revisions_are_read() -> None:
    (found,) = schemas.read_revisions(revision(), ["BBB"], CODES)
    assert found.action == "replace"
    kept = schemas.read_revisions(revision(action="keep", text="", citations=[], quote="8.9 %"), ["BBB"], CODES)
    assert (kept[0].action, kept[0].quote) == ("keep", "8.9 %")
    with pytest.raises(Unusable, match="keeps a claim without the words"):
        schemas.read_revisions(revision(action="keep", text="", citations=[]), ["BBB"], CODES)
    assert schemas.read_revisions(revision(action="drop", text="", citations=[]), ["BBB"], CODES)[0].action == "drop"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (revision(claim="CCC"), "a claim that was not asked about"),
        (revision(text=""), "without text or citations"),
        (revision(citations=[]), "without text or citations"),
        (revision(citations=["ZZ"]), "cites a row that was not supplied"),
        (revision(action="explain"), "literal_error"),
        (json.dumps({"revisions": json.loads(revision())["revisions"] * 2}), "names a claim twice"),
    ],
)
def test_wrong_revisions_are_unusable(text: str, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        schemas.read_revisions(text, ["BBB"], CODES)


def judgement(**changes: Any) -> dict[str, Any]:
    return {"claim": "BBB", "verdict": "supported", "quote": "8.9 %", "reason": "", **changes}


@pytest.mark.parametrize(
    ("judgements", "why"),
    [
        ([], "2 claim\\(s\\) were not judged"),
        ([judgement()], "1 claim\\(s\\) were not judged"),
        ([judgement(), judgement()], "names a claim twice"),
        ([judgement(), judgement(claim="DDD")], "not asked about"),
        ([judgement(verdict="probably"), judgement(claim="CCC")], "literal_error"),
    ],
)
def test_every_claim_is_judged_once(judgements: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(Unusable, match=why):
        schemas.read_judgements(json.dumps({"judgements": judgements}), ["BBB", "CCC"])


def test_schemas_are_strict_and_name_only_what_was_supplied() -> None:
    made = schemas.draft_schema(CODES)
    citation = made["properties"]["claims"]["items"]["properties"]["citations"]["items"]
    assert citation == {"type": "string", "enum": CODES}
    for schema in (made, schemas.revision_schema(["BBB"], CODES), schemas.judgement_schema(["BBB"])):
        for part in objects(schema):
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])


def objects(schema: Any) -> list[dict[str, Any]]:
    if not isinstance(schema, dict):
        return []
    inner = [found for value in schema.values() for found in objects(value)]
    return [schema, *inner] if schema.get("type") == "object" else inner
