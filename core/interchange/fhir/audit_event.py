"""Access events as FHIR R4 AuditEvent, after IHE BALP (Basic Audit Log Patterns) where its profiles fit.

A profile is claimed only of what it asks for: an allowed read, creation or change that came from a client's address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from core.interchange.fhir.exported_resources import TERMINOLOGY, Resource, Row, bare, moment
from core.queries.hidden_visits import purpose_shown
from core.settings.parsing import PROCESS_KINDS

BALP = "https://profiles.ihe.net/ITI/BALP"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
PARTICIPATION = f"{TERMINOLOGY}/v3-ParticipationType"
# Our own codes and numbers.
ACTION, ROLE, ACCOUNT, PATIENT, ROW = (f"urn:strata:{name}" for name in ("action", "role", "account", "patient", "row"))

SUCCESS, MINOR_FAILURE = "0", "4"
MACHINE_NAME, IP_ADDRESS = "1", "2"
TYPES = {
    "patient": "Patient", "visit": "Encounter", "report": "Composition", "observation": "Observation",
    "condition": "Condition", "note": "DocumentReference",
}  # fmt: skip
# A writer's name begins with its kind of process; those from before do not.
HOST = re.compile(rf"(?:(?:{'|'.join(PROCESS_KINDS)})-)?(?:spool-)?(.+)-\d+-[0-9a-f]+")


@dataclass(frozen=True)
class Kind:
    """What FHIR calls an action: its letter, type and subtype; `profile` is BALP's name for it."""

    letter: str
    type: Resource
    subtype: Resource | None = None
    profile: str | None = None


def _dicom(code: str, display: str) -> Resource:
    return {"system": DICOM, "code": code, "display": display}


REST = {"system": f"{TERMINOLOGY}/audit-event-type", "code": "rest", "display": "RESTful Operation"}
APPLICATION = Kind("E", _dicom("110100", "Application Activity"))


def _rest(letter: str, interaction: str, profile: str | None = None) -> Kind:
    return Kind(letter, REST, {"system": INTERACTION, "code": interaction, "display": interaction}, profile)


READ, CREATE, UPDATE = _rest("R", "read", "Read"), _rest("C", "create", "Create"), _rest("U", "update", "Update")
DELETE = _rest("D", "delete")

# By the whole action, or else by its verb; whatever is in neither is the application's own activity.
ACTIONS = {
    "account.signed_in": Kind("E", _dicom("110114", "User Authentication"), _dicom("110122", "Login")),
    "account.sign_in_refused": Kind("E", _dicom("110114", "User Authentication"), _dicom("110122", "Login")),
    "account.signed_out": Kind("E", _dicom("110114", "User Authentication"), _dicom("110123", "Logout")),
    "audit.searched": Kind("E", _dicom("110101", "Audit Log Used")),
    "audit.exported": Kind("E", _dicom("110106", "Export")),
    "patient.export": Kind("R", _dicom("110106", "Export")),
    "patient.searched": Kind("E", _dicom("110112", "Query")),
    "reports.listed": Kind("E", _dicom("110112", "Query")),
}
VERBS = {
    **dict.fromkeys(
        ("read", "viewed", "reviewed", "form_opened", "downloaded", "making_viewed", "trace_taken", "case_taken"), READ
    ),
    **dict.fromkeys(("created", "recorded", "registered", "requested"), CREATE),
    **dict.fromkeys(
        ("closed", "opened", "password_set", "signed", "rejected", "withdrawn", "refreshed", "retried", "hold",
         "hold_lifted", "notice_answered", "claim_decided", "claim_accepted",
         "claim_accepted_against_row", "claim_edited", "claim_rejected"),
        UPDATE,
    ),
    **dict.fromkeys(("erase", "erased"), DELETE),
}  # fmt: skip


def audit_event(row: Row) -> Resource:
    """One access event, given as its columns by name, as an AuditEvent resource."""
    kind = ACTIONS.get(row["action"]) or VERBS.get(row["action"].partition(".")[2], APPLICATION)
    profile = _profile(row, kind)
    own = {"system": ACTION, "code": row["action"]}
    # A profile of a creation allows one subtype: there our own code is in the entity's description only.
    subtypes = [kind.subtype, own] if kind is not CREATE or profile is None else [kind.subtype]
    said = purpose_shown(row["action"], row["purpose"])
    purpose = [{"text": said}] if said else []
    return bare(
        {
            "resourceType": "AuditEvent",
            "id": str(row["id"]),
            "meta": {"profile": [f"{BALP}/StructureDefinition/IHE.BasicAudit.{profile}"]} if profile else None,
            "type": kind.type,
            "subtype": [subtype for subtype in subtypes if subtype],
            "action": kind.letter,
            "recorded": moment(row["at"]),
            "outcome": SUCCESS if row["outcome"] == "allow" else MINOR_FAILURE,
            "outcomeDesc": None if row["outcome"] == "allow" else "refused",
            "purposeOfEvent": purpose,
            "agent": _agents(row, kind, purpose),
            "source": _source(row),
            "entity": _entities(row),
        }
    )


def _profile(row: Row, kind: Kind) -> str | None:
    fits = kind.profile and row["outcome"] == "allow" and row["address"] and row["target"]
    return f"{'Patient' if row['patient_id'] is not None else ''}{kind.profile}" if fits else None


def _agents(row: Row, kind: Kind, purpose: list[Resource]) -> list[Resource]:
    """The account, the client it came from and our own process; the first of them asked for it."""
    source, destination = _dicom("110153", "Source Role ID"), _dicom("110152", "Destination Role ID")
    ours, theirs = (source, destination) if kind is READ else (destination, source)
    agents = []
    if row["account_id"] is not None:
        agents.append(_user(row, kind, purpose))
    if row["address"]:
        who = {"identifier": {"value": row["address"]}}
        agents.append({"type": _concept(theirs), "who": who, "network": _network(row["address"])})
    agents.append({"type": _concept(ours), "who": _process(row), "network": _network(_host(row))})
    return [bare(agent | {"requestor": number == 0}) for number, agent in enumerate(agents)]


def _user(row: Row, kind: Kind, purpose: list[Resource]) -> Resource:
    part = ("IRCP", "information recipient") if kind is READ else ("AUT", "author (originator)")
    role = {"coding": [{"system": ROLE, "code": row["actor_role"]}], "text": row["actor_role"]}
    who = {"identifier": {"system": ACCOUNT, "value": str(row["account_id"])}, "display": row["actor_name"]}
    return {
        "type": _concept({"system": PARTICIPATION, "code": part[0], "display": part[1]}),
        "who": bare(who),
        "name": row["actor_name"],
        "role": [role] if row["actor_role"] else [],
        "purposeOfUse": purpose,
    }


def _concept(coding: Resource) -> Resource:
    return {"coding": [coding]}


def _process(row: Row) -> Resource:
    return {"identifier": {"value": row["portal"]}, "display": f"Strata {row['portal']}"}


def _host(row: Row) -> str:
    """The machine that recorded the event: a writer is named host-process-random."""
    found = HOST.fullmatch(row["writer"])
    return found[1] if found else row["writer"]


def _network(address: str) -> Resource:
    try:
        ip_address(address)
    except ValueError:
        return {"address": address, "type": MACHINE_NAME}
    return {"address": address, "type": IP_ADDRESS}


def _source(row: Row) -> Resource:
    server = {"system": f"{TERMINOLOGY}/security-source-type", "code": "4", "display": "Application Server"}
    return {"site": _host(row), "observer": _process(row), "type": [server]}


def _entities(row: Row) -> list[Resource]:
    entities: list[Resource] = []
    if row["request_id"]:
        code = {"system": f"{BALP}/CodeSystem/BasicAuditEntityType", "code": "XrequestId"}
        entities.append({"what": {"identifier": {"value": row["request_id"]}}, "type": code})
    if row["patient_id"] is not None:
        number = str(row["patient_id"])
        who = {"reference": f"Patient/{number}", "identifier": {"system": PATIENT, "value": number}}
        entities.append({"what": who, "type": _entity_type("1", "Person"), "role": _role("1", "Patient")})
    if row["target"]:
        entities.append(_data(row))
    return entities


def _data(row: Row) -> Resource:
    what: dict[str, Any] = {
        "type": TYPES.get(row["target"].partition(":")[0]),
        "identifier": {"system": ROW, "value": row["target"]},
    }
    role = _role("3", "Report") if what["type"] == "Composition" else _role("4", "Domain Resource")
    type_ = _entity_type("2", "System Object")
    return {"what": bare(what), "type": type_, "role": role, "description": row["action"]}


def _entity_type(code: str, display: str) -> Resource:
    return {"system": f"{TERMINOLOGY}/audit-entity-type", "code": code, "display": display}


def _role(code: str, display: str) -> Resource:
    return {"system": f"{TERMINOLOGY}/object-role", "code": code, "display": display}
