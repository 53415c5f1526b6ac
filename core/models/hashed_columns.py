"""Which columns of a table the hash of its rows covers, in versions: each hash is kept with the version it was made by.

A list that is in use never changes, so that a new column changes no hash that is kept. Whoever adds a column to one of
these tables adds a version that has it, or says in NOT_HASHED why the column stays out. See docs/adr/0018.
"""

from __future__ import annotations

from collections.abc import Mapping

Columns = tuple[str, ...]

_EVIDENCE: Columns = ("id", "report_id", "patient_id", "ref", "store", "content_hash", "fields")
_CHECK: Columns = (
    "id", "report_id", "claim_id", "checker", "verdict", "reasons", "quote", "model_call_id", "checked_at",
)  # fmt: skip
_CITATION: Columns = ("id", "report_id", "claim_id", "ref", "content_hash")
_SIGNATURE: Columns = ("id", "report_id", "account_id", "name", "meaning", "content_hash", "signed_at")

# Version 1 is every column that a table had before versions were kept, in the table's order. The id comes first.
HASHED_COLUMNS: dict[str, Mapping[int, Columns]] = {
    "patient": {1: (
        "id", "name", "sex", "birth_on", "deceased_on", "phone", "address", "language", "legal_hold", "created_at",
        "version",
    )},
    "allergy": {1: (
        "id", "patient_id", "code", "substance", "category", "reaction", "severity", "criticality", "status",
        "recorded_on", "version",
    )},
    "condition": {1: (
        "id", "patient_id", "visit_id", "code", "name", "status", "onset_on", "resolved_on", "version",
    )},
    "prescription": {1: (
        "id", "patient_id", "visit_id", "code", "medication", "dose", "frequency", "route", "instructions", "reason",
        "status", "started_on", "stopped_on", "version",
    )},
    "observation": {1: (
        "id", "patient_id", "visit_id", "assay_id", "value_number", "value_text", "unit", "ref_low", "ref_high",
        "interpretation", "observed_at", "version",
    )},
    "visit": {1: (
        "id", "patient_id", "clinic_id", "practitioner_id", "class_code", "status", "description", "reason",
        "started_at", "ended_at", "recorded_by", "version",
    )},
    "note": {1: ("id", "patient_id", "visit_id", "kind", "author", "text", "written_at", "version")},
    "statement": {1: ("id", "patient_id", "visit_id", "kind", "text", "detail", "stated_on", "said", "version")},
    "access_event": {1: (
        "id", "at", "portal", "action", "outcome", "account_id", "actor_name", "actor_role", "patient_id", "target",
        "purpose", "address", "request_id", "writer", "sequence", "previous_hash", "hash",
    )},
    "report": {1: (
        "id", "patient_id", "state", "reason", "requested_by", "requested_at", "started_at", "ready_at", "closed_at",
        "heartbeat_at", "round", "model", "checker_model", "prompt_version", "replaces_id", "version",
    )},
    "evidence": {1: _EVIDENCE, 2: (*_EVIDENCE, "hash_version")},
    "claim": {1: (
        "id", "report_id", "patient_id", "ordinal", "section", "text", "round", "verdict", "flagged", "decision",
        "decision_reason", "decided_by", "decided_at", "replaced_by", "version",
    )},
    "citation": {1: _CITATION, 2: (*_CITATION, "hash_version")},
    "claim_check": {1: _CHECK, 2: (*_CHECK, "said")},
    "omission": {1: ("id", "report_id", "ref", "reason")},
    "model_call": {1: (
        "id", "report_id", "role", "round", "attempt", "provider", "requested_model", "answering_model",
        "prompt_version", "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "reserved_usd",
        "cost_usd", "price_version", "latency_seconds", "finish_reason", "error", "started_at", "ended_at",
    )},
    "signature": {1: _SIGNATURE, 2: (*_SIGNATURE, "evidence_hash", "proof")},
    "report_event": {1: ("id", "report_id", "from_state", "to_state", "reason", "at")},
}  # fmt: skip

# What other systems say beyond our columns.
for _name in ("patient", "visit", "note", "observation", "condition", "allergy", "prescription"):
    HASHED_COLUMNS[_name] = {**HASHED_COLUMNS[_name], 2: (*HASHED_COLUMNS[_name][1], "said")}

_CHANGES_WITH_KEYS = "it changes with the keys of STRATA_FIELD_KEYS, not with what the row says"

# By table, each column that no list has, and why. Tables that move have none: a move could lose what it can't verify.
NOT_HASHED: Mapping[str, Mapping[str, str]] = {
    "patient": {"national_id_sealed": _CHANGES_WITH_KEYS, "national_id_hash": _CHANGES_WITH_KEYS},
}


class UnknownVersion(LookupError):
    """A hash was made by a list of columns that this version of Strata does not know."""


def newest_version(table: str) -> int:
    """The version by which new hashes of a table's rows are made."""
    return max(HASHED_COLUMNS[table])


def hashed_columns(table: str, version: int) -> Columns:
    """The columns that a hash of this version covers, the id first. Raises UnknownVersion."""
    try:
        return HASHED_COLUMNS[table][version]
    except KeyError:
        raise UnknownVersion(f"no version {version} of the hashed columns of {table} is known") from None
