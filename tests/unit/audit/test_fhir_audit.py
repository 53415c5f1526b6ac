"""An access event as FHIR's AuditEvent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.interchange.fhir.audit_event import BALP, audit_event
from tests.audit_events import assert_r4

ROW = {
    "id": 12, "at": datetime(2026, 11, 12, 2, 0, 0, 125000, tzinfo=UTC), "portal": "staff", "action": "visit.viewed",
    "outcome": "allow", "account_id": 3, "actor_name": "Dr Nair", "actor_role": "clinician", "patient_id": 7,
    "target": "visit:5", "purpose": None, "address": "192.0.2.7", "request_id": "f00d",
    "writer": "web-1-4711-0a1b2c3d4e5f", "sequence": 1, "previous_hash": "0" * 64, "hash": "1" * 64,
}  # fmt: skip


def made(**values: Any) -> dict[str, Any]:
    event = audit_event({**ROW, **values})
    assert_r4(event)
    return event


def codes(event: dict[str, Any]) -> list[str]:
    return [agent["type"]["coding"][0]["code"] for agent in event["agent"]]


def test_a_look_at_a_record_is_a_patient_read() -> None:
    event = made()
    assert event["meta"]["profile"] == [f"{BALP}/StructureDefinition/IHE.BasicAudit.PatientRead"]
    assert (event["type"]["code"], [subtype["code"] for subtype in event["subtype"]]) == (
        "rest",
        ["read", "visit.viewed"],
    )
    assert (event["action"], event["outcome"]) == ("R", "0")
    assert event["recorded"] == "2026-11-12T02:00:00.125000+00:00"
    assert event["source"]["site"] == "web-1"


def test_who_and_from_where() -> None:
    user, client, server = made()["agent"]
    assert user["requestor"]
    assert user["who"]["identifier"]["value"] == "3"
    assert (user["name"], user["role"][0]["text"]) == ("Dr Nair", "clinician")
    assert "network" not in user
    assert client["network"] == {"address": "192.0.2.7", "type": "2"}
    assert server["network"] == {"address": "web-1", "type": "1"}


def test_data_goes_from_us_when_read_and_to_us_when_written() -> None:
    assert codes(made()) == ["IRCP", "110152", "110153"]
    assert codes(made(action="visit.recorded")) == ["AUT", "110153", "110152"]


def test_whose_and_what() -> None:
    request, patient, data = made()["entity"]
    assert request["what"]["identifier"]["value"] == "f00d"
    assert patient["what"]["reference"] == "Patient/7"
    assert (data["what"]["type"], data["what"]["identifier"]["value"]) == ("Encounter", "visit:5")
    assert data["description"] == "visit.viewed"


def test_a_refusal_claims_no_profile() -> None:
    event = made(outcome="deny")
    assert (event["outcome"], event["outcomeDesc"]) == ("4", "refused")
    assert "meta" not in event


def test_nobody_signed_in() -> None:
    event = made(account_id=None, actor_name=None, actor_role=None)
    assert [agent["requestor"] for agent in event["agent"]] == [True, False]
    assert codes(event) == ["110152", "110153"]


def test_a_command_has_neither_account_nor_address() -> None:
    nobody = {"account_id": None, "actor_name": None, "actor_role": None, "address": None, "request_id": None}
    event = made(**nobody, portal="command", action="generate.population", patient_id=None, target=None)
    assert (event["type"]["code"], event["action"]) == ("110100", "E")
    assert event["subtype"][0]["code"] == "generate.population"
    assert "entity" not in event
    assert [agent["requestor"] for agent in event["agent"]] == [True]


def test_no_patient() -> None:
    event = made(action="account.created", patient_id=None, target="account:9")
    assert event["meta"]["profile"] == [f"{BALP}/StructureDefinition/IHE.BasicAudit.Create"]
    # The profile of a creation allows one subtype.
    assert [subtype["code"] for subtype in event["subtype"]] == ["create"]
    assert [entity["type"]["code"] for entity in event["entity"]] == ["XrequestId", "2"]


def test_a_purpose_is_the_events_and_the_users() -> None:
    event = made(action="patient.hold", purpose="A court asked for it.")
    assert event["purposeOfEvent"] == [{"text": "A court asked for it."}]
    assert event["agent"][0]["purposeOfUse"] == event["purposeOfEvent"]


@pytest.mark.parametrize(
    ("action", "letter", "type_"),
    [
        ("account.signed_in", "E", "110114"),
        ("patient.searched", "E", "110112"),
        ("audit.searched", "E", "110101"),
        ("patient.export", "R", "110106"),
        ("report.signed", "U", "rest"),
        ("patient.erase", "D", "rest"),
        ("something.new", "E", "110100"),
    ],
)
def test_each_action_has_its_kind(action: str, letter: str, type_: str) -> None:
    event = made(action=action)
    assert (event["action"], event["type"]["code"]) == (letter, type_)


def test_the_host_of_the_spool_too() -> None:
    assert made(writer="spool-web-1-4711-0a1b2c3d4e5f")["source"]["site"] == "web-1"
