"""A report's trace, to be kept as evidence: every row of the report with its hash, and one hash over all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from core.models import utc_now
from core.queries.hidden_visits import kept_apart
from core.queries.reports.kept_apart import visible
from core.queries.reports.report_rows import Stored, load

FORMAT = "strata-report-trace/1"
SEAL, ROW_HASH = "sha256", "row_sha256"
# The trace's names for tables, in the words of people who read it.
TABLES = {
    "evidence": "evidence",
    "claims": "claim",
    "citations": "citation",
    "checks": "claim_check",
    "omissions": "omission",
    "model_calls": "model_call",
    "signatures": "signature",
    "events": "report_event",
}


class BadTrace(ValueError):
    """The file is no trace, or was altered; the message says where."""


def trace(session: Session, report_id: int) -> dict[str, Any] | None:
    """A report with its rows, or None if there is none; rows that come from visits kept apart are left out.

    Raises ColdUnavailable when only an archive can tell.
    """
    whole = load(session, report_id)
    if whole is None:
        return None
    rows, left_out = visible(session, whole, kept_apart(session, whole.report.patient_id))
    body = {
        "format": FORMAT,
        "taken_at": utc_now().isoformat(),
        "archived": rows.is_archived,
        "claims_left_out": left_out,
        "report": _row(rows.report),
        **{name: [_row(row) for row in rows.of(table)] for name, table in TABLES.items()},
    }
    return {**body, SEAL: digest(body)}


def verify(found: Mapping[str, Any]) -> int:
    """Check a trace against its hashes; returns how many rows it holds. Raises BadTrace."""
    if found.get("format") != FORMAT or SEAL not in found:
        raise BadTrace(f"not a trace: its format is not {FORMAT}")
    rows = [("report", found["report"]), *((name, row) for name in TABLES for row in found[name])]
    for name, row in rows:
        if not _has_own_hash(row, ROW_HASH):
            raise BadTrace(f"altered: row {row.get('id')} of {name} does not have its hash")
    if not _has_own_hash(found, SEAL):
        raise BadTrace("altered: the whole does not have its hash, though each row has")
    return len(rows)


def digest(value: Mapping[str, Any]) -> str:
    """SHA-256 over JSON with sorted keys and no spaces: lower-case hex."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _has_own_hash(value: Mapping[str, Any], key: str) -> bool:
    """Whether the hash under `key` is the hash of all else."""
    return bool(value.get(key) == digest({name: part for name, part in value.items() if name != key}))


def _row(row: Stored) -> dict[str, Any]:
    plain = {name: _plain(value) for name, value in vars(row).items()}
    return {**plain, ROW_HASH: digest(plain)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
