"""What a patient sees of their reports: signed ones only, and that software drafted them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table
from sqlalchemy.orm import Session

from core.models import Decision, ReportState
from core.models.record_types import REPORT
from core.queries.corrections import Corrected
from core.queries.hidden_visits import NO_VISITS, VisitIds
from core.queries.reports.figures import drafted_by
from core.queries.reports.kept_apart import visible
from core.queries.reports.replacements import replacements
from core.queries.reports.report_rows import ReportRows, load
from core.queries.reports.review import corrected_since, replaced_by, signature
from core.stores import hot_and_archived
from core.stores.hot_and_archived import Build, ColdTable, Found, Held
from core.stores.tables import OF_SIGNED, signed_view

SHOWN = tuple(name for name in OF_SIGNED if name != "report")
REVIEWED = "A clinician checked it against your record and signed it."


@dataclass(frozen=True)
class SignedItem:
    """One signed report in the list."""

    id: int
    signed_at: datetime
    signed_by: str | None
    replaced_by_id: int | None
    is_archived: bool


@dataclass(frozen=True)
class SignedClaim:
    """A sentence, and references to the rows that support it; `is_edited`: a clinician worded it, not the drafter."""

    id: int
    text: str
    refs: tuple[str, ...]
    is_edited: bool


@dataclass(frozen=True)
class SignedReport:
    """A signed report as its reader may see it; `holds` is whether the content is still what was signed.

    `corrected` are rows that it rests on and that were corrected since; `claims_left_out` counts those that cite a
    visit which is hidden from the reader.
    """

    id: int
    patient_id: int
    signed_at: datetime
    signed_by: str
    meaning: str
    model: str | None
    note: str
    holds: bool
    is_keyed: bool
    replaces_id: int | None
    replaced_by_id: int | None
    is_archived: bool
    sections: tuple[tuple[str, tuple[SignedClaim, ...]], ...]
    corrected: tuple[Corrected, ...]
    claims_left_out: int

    @property
    def claims(self) -> tuple[SignedClaim, ...]:
        return tuple(claim for _, claims in self.sections for claim in claims)


@dataclass(frozen=True)
class SignedList:
    """A patient's signed reports, the newest first; `held` tells of archived reports without asking the archive."""

    items: tuple[SignedItem, ...]
    held: Held | None


def signed_for_patient(
    session: Session, patient_id: int, *, with_archived: bool = False, cold_table: ColdTable = signed_view
) -> SignedList:
    """A patient's signed reports; archived ones only if asked for, which may raise ColdUnavailable.

    `cold_table`: where archived reports are read, as in `signed_report`.
    """

    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        return columns.where(table.c.patient_id == patient_id, table.c.state == ReportState.SIGNED)

    if with_archived:
        read = hot_and_archived.read_both(
            session, REPORT.name, "report", build, patient_id=patient_id, cold_table=cold_table
        )
    else:
        read = hot_and_archived.read_hot(session, "report", build)
    lines = signed_lines(session, read, cold_table, is_hot_only=not with_archived)
    return SignedList(lines, hot_and_archived.held(session, patient_id, REPORT.name))


def signed_lines(
    session: Session, found: Sequence[Found], cold_table: ColdTable = signed_view, *, is_hot_only: bool = False
) -> tuple[SignedItem, ...]:
    """A patient's signed reports as lists show them, the newest first.

    Raises ColdUnavailable if any of them, or what may replace it, is archived; the latter not if `is_hot_only`.
    """
    if not found:
        return ()
    signers = _signers(session, found, cold_table)
    replaced = replacements(
        session, found[0].values["patient_id"], {item.values["id"]: item.values["closed_at"] for item in found},
        cold_table=cold_table, is_hot_only=is_hot_only,
    )  # fmt: skip
    items = [
        SignedItem(
            id=item.values["id"],
            signed_at=item.values["closed_at"],
            signed_by=signers.get(item.values["id"]),
            replaced_by_id=replaced.get(item.values["id"]),
            is_archived=item.is_archived,
        )
        for item in found
    ]
    return tuple(sorted(items, key=lambda item: (item.signed_at, item.id), reverse=True))


def signed_report(
    session: Session,
    report_id: int,
    patient_id: int,
    *,
    hidden_visits: VisitIds = NO_VISITS,
    cold_table: ColdTable = signed_view,
) -> SignedReport | None:
    """One signed report of this patient, or None; also None for an unsigned report and for another patient's.

    Claims that cite a hidden visit are left out. Archived rows are read from `cold_table`: for patients views of signed
    reports, for staff, who alone may have hidden visits, the linked tables. Raises ColdUnavailable when only a silent
    archive can tell.
    """
    children = (*SHOWN, "evidence") if hidden_visits else SHOWN
    rows = load(session, report_id, children, cold_table)
    if rows is None or rows.report.patient_id != patient_id or rows.report.state != ReportState.SIGNED:
        return None
    signed = signature(rows)
    if signed is None:
        return None
    shown = visible(session, rows, hidden_visits)[0] if hidden_visits else rows
    return SignedReport(
        id=rows.report.id,
        patient_id=patient_id,
        signed_at=signed.signed_at,
        signed_by=signed.name,
        meaning=signed.meaning,
        model=rows.report.model,
        note=f"{drafted_by(rows.report.model)} {REVIEWED}",
        holds=signed.holds,
        is_keyed=signed.is_keyed,
        replaces_id=rows.report.replaces_id,
        replaced_by_id=replaced_by(session, rows.report, cold_table),
        is_archived=rows.is_archived,
        sections=_sections(shown),
        corrected=tuple(corrected_since(session, shown, signed.signed_at).values()),
        claims_left_out=len(rows.standing_claims()) - len(shown.standing_claims()),
    )


def _sections(rows: ReportRows) -> tuple[tuple[str, tuple[SignedClaim, ...]], ...]:
    cited = rows.by_claim("citation")
    edits = {claim.replaced_by for claim in rows.of("claim") if claim.decision == Decision.EDITED}
    grouped: dict[str, list[SignedClaim]] = {}
    for claim in rows.standing_claims():
        refs = tuple(row.ref for row in cited.get(claim.id, []))
        said = SignedClaim(claim.id, claim.text, refs, claim.id in edits)
        grouped.setdefault(claim.section, []).append(said)
    return tuple((name, tuple(claims)) for name, claims in grouped.items())


def _signers(session: Session, found: Sequence[Found], cold_table: ColdTable) -> dict[int, str]:
    """Who signed, by report: a report's signature lies where the report does."""

    def build(is_archived: bool) -> Build:
        ids = [item.values["id"] for item in found if item.is_archived is is_archived]
        return lambda table, columns: columns.where(table.c.report_id.in_(ids))

    rows = hot_and_archived.read_hot(session, "signature", build(is_archived=False))
    if any(item.is_archived for item in found):
        rows += hot_and_archived.read_archived(
            session, REPORT.name, "signature", build(is_archived=True), cold_table=cold_table,
            patient_id=found[0].values["patient_id"],
        )  # fmt: skip
    return {row.values["report_id"]: row.values["name"] for row in rows}
