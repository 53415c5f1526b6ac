"""What was written since a draft: its signer says of each row to have seen it, and the signature binds that list."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Omission, Patient, Report
from core.queries.reports import since_draft
from core.queries.reports.since_draft import Difference

SEEN = {
    since_draft.NEW: "Written since the draft, seen by the signer",
    since_draft.CHANGED: "Changed since the draft, seen by the signer",
    since_draft.GONE: "Gone since the draft, seen by the signer",
}


class UnseenRows(Exception):
    """The record has rows that the drafter did not have, which the signer has not said to have seen: `rows`."""

    def __init__(self, rows: Sequence[Difference]) -> None:
        listed = ", ".join(row.ref for row in rows)
        super().__init__(f"written since drafting: {listed}. Say of each that you have seen it")
        self.rows = tuple(rows)


def keep_seen(session: Session, report: Report, seen: Collection[str]) -> tuple[Difference, ...]:
    """Keep with the report what its signer has seen. `seen` are keys. Raises UnseenRows, ColdUnavailable."""
    # Rows of the patient that are being written end before this, and later ones wait for the signature.
    session.execute(select(Patient.id).where(Patient.id == report.patient_id).with_for_update())
    found = since_draft.differences(session, report.id, report.patient_id)
    unseen = [one for one in found if one.key not in seen]
    if unseen:
        raise UnseenRows(unseen)
    session.add_all(
        Omission(report_id=report.id, ref=one.ref, reason=f"{SEEN[one.what]} (version {one.version}).") for one in found
    )
    return found


def words(seen: Sequence[Difference]) -> str:
    """What a signature's meaning says of the rows, with the hash of their list; nothing if there are none."""
    if not seen:
        return ""
    count = f"{len(seen)} row{'s' if len(seen) != 1 else ''}"
    listed = since_draft.list_hash(one.key for one in seen)
    return f" I have seen {count} written since the draft (list {listed})."
