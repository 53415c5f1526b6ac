"""What the record has become since a report was drafted: rows that would be evidence today and were not, or were other.

Rows that a standing claim cites are not among them: a change of those makes the claims stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Citation, Claim, Decision, Evidence
from core.picture.values import ABNORMAL
from core.queries import evidence
from core.queries.evidence import EvidenceRow
from core.queries.hidden_visits import kept_apart
from core.queries.reports.kept_apart import hidden_refs

NEW, CHANGED, GONE = "new", "changed", "gone"
# A row of these kinds that is no evidence any more has left the record; of other kinds only the newest are evidence.
NEVER_LEFT_OUT = ("allergy", "condition", "prescription", "statement")


@dataclass(frozen=True)
class Difference:
    """A row that the drafter did not have as it is now; `key` names the row and the version that a signer has seen."""

    ref: str
    what: str
    fields: dict[str, Any]

    @property
    def key(self) -> str:
        return f"{self.ref}@{self.version}"

    @property
    def version(self) -> str:
        """What happened, and a hash of what the row says now, or said when it was last there."""
        said = json.dumps(self.fields, sort_keys=True, default=str)
        return f"{self.what}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"

    @property
    def kind(self) -> str:
        return self.ref.partition(":")[0]


@dataclass(frozen=True)
class Compared:
    """A draft beside the record: what differs, what the limits left out in words, how many rows were supplied."""

    differences: tuple[Difference, ...]
    left_out: tuple[str, ...] = ()
    supplied: int = 0


def differences(session: Session, report_id: int, patient_id: int) -> tuple[Difference, ...]:
    """The differences between the report's evidence and what would be its evidence now, those of safety first.

    A row of a visit that is kept apart by now is no difference: no draft may be signed that was supplied with one.
    Raises what `evidence.gather` raises: ColdUnavailable when an archive with rows of the patient is silent.
    """
    return compared(session, report_id, patient_id).differences


def compared(session: Session, report_id: int, patient_id: int) -> Compared:
    """The differences with what the limits of evidence leave out. Raises as `differences` does."""
    drafted = {row.ref: row.fields for row in session.scalars(select(Evidence).where(Evidence.report_id == report_id))}
    gathered = evidence.gather_counted(session, patient_id)
    today = {row.ref: row for row in gathered.rows}
    hidden = hidden_refs(session, drafted, kept_apart(session, patient_id))
    aside = _cited(session, report_id) | hidden
    found = [*_come(drafted, today.values()), *_left(drafted, today.keys())]
    kept = tuple(sorted((one for one in found if one.ref not in aside), key=_place))
    return Compared(kept, gathered.left_out, len(drafted))


def list_hash(keys: Iterable[str]) -> str:
    """Names a list of differences: what a signature says that the signer has seen."""
    return hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:24]


def _come(drafted: dict[str, dict[str, Any]], today: Iterable[EvidenceRow]) -> Iterable[Difference]:
    for row in today:
        if row.ref not in drafted:
            yield Difference(row.ref, NEW, row.fields)
        elif any(row.fields.get(name) != value for name, value in drafted[row.ref].items() if name in row.fields):
            yield Difference(row.ref, CHANGED, row.fields)


def _left(drafted: dict[str, dict[str, Any]], today: Iterable[str]) -> Iterable[Difference]:
    for ref in drafted.keys() - set(today):
        if ref.partition(":")[0] in NEVER_LEFT_OUT and _was_current(drafted[ref]):
            yield Difference(ref, GONE, drafted[ref])


def _was_current(fields: dict[str, Any]) -> bool:
    return bool(fields.get("status") == "active")


def _cited(session: Session, report_id: int) -> set[str]:
    query = (
        select(Citation.ref)
        .join(Claim, Claim.id == Citation.claim_id)
        .where(Citation.report_id == report_id, Claim.replaced_by.is_(None))
        .where(Claim.decision.is_distinct_from(Decision.REJECTED))
    )
    return set(session.scalars(query))


def _place(one: Difference) -> tuple[bool, bool, str]:
    """Results outside their range, then what bears on safety, then all else."""
    return one.fields.get("interpretation") not in ABNORMAL, one.kind not in NEVER_LEFT_OUT, one.ref
