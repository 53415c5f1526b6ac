"""One report as its reviewer sees it: each claim beside its source rows, with its checks and its decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Account, Allergy, Decision, Patient, ReportState, utc_now
from core.queries.corrections import Corrected, since
from core.queries.hidden_visits import VisitIds, kept_apart
from core.queries.reports.figures import drafted_by, figures
from core.queries.reports.kept_apart import visible
from core.queries.reports.replacements import replacements
from core.queries.reports.report_rows import ReportRows, Stored, load
from core.queries.reports.views import (
    CHANGED,
    GONE,
    UNCHANGED,
    UNKNOWN,
    CheckView,
    CitedRow,
    ClaimView,
    OmissionView,
    PatientHeader,
    ReviewReport,
    RevisedView,
    SignatureView,
)
from core.sources import find, signature_proof, signed_content
from core.stores.archived import ColdUnavailable
from core.stores.counted import counts
from core.stores.hot_and_archived import ColdTable
from core.stores.tables import hot_table, linked_table


def patient_of(session: Session, report_id: int) -> int | None:
    """Whose report it is, or None if there is none. Raises ColdUnavailable when only a silent archive can tell."""
    rows = load(session, report_id, ())
    return rows.report.patient_id if rows is not None else None


def review(session: Session, report_id: int, *, hidden_visits: VisitIds | None = None) -> ReviewReport | None:
    """A report without what comes from hidden visits, or None if there is none.

    Without `hidden_visits`, every visit is hidden that is kept apart from anybody. Raises ColdUnavailable when only a
    silent archive can tell.
    """
    whole = load(session, report_id)
    if whole is None:
        return None
    report = whole.report
    if hidden_visits is None:
        hidden_visits = kept_apart(session, report.patient_id)
    rows, left_out = visible(session, whole, hidden_visits)
    cited = _cited_rows(session, rows)
    names, signed = _names(session, rows), signature(whole)
    claims = rows.unreplaced_claims()
    return ReviewReport(
        id=report.id,
        patient=_patient(session, report.patient_id),
        state=report.state,
        reason=report.reason,
        requested_by=names.get(report.requested_by, ""),
        requested_at=report.requested_at,
        ready_at=report.ready_at,
        closed_at=report.closed_at,
        rounds=report.round,
        drafted_by=drafted_by(report.model),
        model=report.model,
        checker_model=report.checker_model,
        prompt_version=report.prompt_version,
        replaces_id=report.replaces_id,
        replaced_by_id=replaced_by(session, report),
        is_archived=rows.is_archived,
        claims=tuple(_claim(claim, rows, cited, names) for claim in claims if not _is_dropped(claim)),
        dropped=tuple(_claim(claim, rows, cited, names) for claim in claims if _is_dropped(claim)),
        omissions=tuple(OmissionView(row.ref, row.reason, cited.get(row.ref)) for row in rows.of("omission")),
        figures=figures(rows, utc_now()),
        signature=signed,
        claims_left_out=left_out,
        evidence=cited,
        revised=_revised(rows),
        shown=signed_content.shown_hash(whole.standing_claims(), whole.by_claim("citation")),
        corrected=corrected_since(session, rows, signed.signed_at) if signed is not None else {},
    )


def corrected_since(session: Session, rows: ReportRows, signed_at: datetime) -> Mapping[str, Corrected]:
    """The rows that standing claims cite and that were corrected after the signature."""
    by_claim = rows.by_claim("citation")
    refs = {citation.ref for claim in rows.standing_claims() for citation in by_claim.get(claim.id, [])}
    return since(session, rows.report.patient_id, refs, signed_at)


def replaced_by(session: Session, report: Stored, cold_table: ColdTable = linked_table) -> int | None:
    """The signed report that replaces this one. Raises ColdUnavailable when only a silent archive can tell."""
    closed = {report.id: report.closed_at}
    return replacements(session, report.patient_id, closed, cold_table=cold_table).get(report.id)


def signature(rows: ReportRows) -> SignatureView | None:
    """A report's signature, checked against what the report says now."""
    stored = next(iter(rows.of("signature")), None)
    if stored is None:
        return None
    now = signed_content.content_hash(
        rows.standing_claims(), rows.by_claim("citation"), report_id=rows.report.id, patient_id=rows.report.patient_id,
        name=stored.name, meaning=stored.meaning, signed_at=stored.signed_at,
    )  # fmt: skip
    is_same = now == stored.content_hash and _is_same_evidence(rows, stored)
    is_keyed = stored.proof is not None and signature_proof.can_tell()
    is_proved = not is_keyed or signature_proof.holds(now, stored.evidence_hash or "", stored.proof)
    return SignatureView(
        stored.name, stored.meaning, stored.signed_at, stored.content_hash, is_same and is_proved, is_keyed
    )


def _is_same_evidence(rows: ReportRows, stored: Stored) -> bool:
    """Whether the evidence is what was signed, where it is shown and was signed at all."""
    if stored.evidence_hash is None or "evidence" not in rows.children:
        return True
    return signature_proof.evidence_hash(rows.of("evidence")) == stored.evidence_hash


def _revised(rows: ReportRows) -> tuple[RevisedView, ...]:
    """The sentences that the drafter replaced; an edit by a person has a decision, and is shown with it."""
    said, checks = {claim.id: claim.text for claim in rows.of("claim")}, rows.by_claim("claim_check")
    return tuple(
        RevisedView(
            claim.text,
            tuple(dict.fromkeys(str(reason) for check in checks.get(claim.id, []) for reason in check.reasons)),
            said[claim.replaced_by],
        )
        for claim in rows.of("claim")
        if claim.replaced_by in said and claim.decision is None
    )


def _is_dropped(claim: Stored) -> bool:
    """Whether the drafter took the claim back: rejected, and by no person."""
    return claim.decision == Decision.REJECTED and claim.decided_by is None


def _claim(claim: Stored, rows: ReportRows, cited: Mapping[str, CitedRow], names: Mapping[int, str]) -> ClaimView:
    checks = _latest_checks(rows.by_claim("claim_check").get(claim.id, []))
    quotes = [check.quote for check in checks if check.quote]
    return ClaimView(
        id=claim.id,
        ordinal=claim.ordinal,
        section=claim.section,
        text=claim.text,
        verdict=claim.verdict,
        flagged=claim.flagged,
        reasons=tuple(dict.fromkeys(reason for check in checks for reason in check.reasons)),
        quote=quotes[-1] if quotes else None,
        checks=checks,
        decision=claim.decision,
        decision_reason=claim.decision_reason,
        decided_by=names.get(claim.decided_by),
        decided_at=claim.decided_at,
        citations=tuple(cited[row.ref] for row in rows.by_claim("citation").get(claim.id, []) if row.ref in cited),
        is_own_words=any(old.replaced_by == claim.id and old.decision == Decision.EDITED for old in rows.of("claim")),
    )


def _latest_checks(checks: list[Stored]) -> tuple[CheckView, ...]:
    """The last check of each checker: earlier checks were of the rows as they were then."""
    latest = {check.checker: check for check in checks}
    return tuple(CheckView(c.checker, c.verdict, tuple(map(str, c.reasons)), c.quote, c.said) for c in latest.values())


def _cited_rows(session: Session, rows: ReportRows) -> dict[str, CitedRow]:
    drafted = {row.ref: row for row in rows.of("evidence")}
    cited = {row.ref: row for row in rows.of("citation")}
    standing = _since_drafting(session, cited) if rows.report.state == ReportState.READY else {}
    return {
        ref: CitedRow(ref, ref.partition(":")[0], row.store, row.fields, standing.get(ref, UNCHANGED))
        for ref, row in drafted.items()
    }


def _since_drafting(session: Session, cited: Mapping[str, Stored]) -> dict[str, str]:
    now = find.hot_rows(session, cited)
    lost = GONE
    try:
        now |= find.archived_rows(session, cited.keys() - now.keys())
    except ColdUnavailable:
        lost = UNKNOWN
    return {
        ref: (UNCHANGED if now[ref].is_as(citation) else CHANGED) if ref in now else lost
        for ref, citation in cited.items()
    }


def _patient(session: Session, patient_id: int) -> PatientHeader:
    patient = session.get_one(Patient, patient_id)
    mine = (Allergy.patient_id == patient_id, Allergy.status == "active", counts(hot_table("allergy")))
    query = select(Allergy.substance).where(*mine)
    allergies = tuple(session.scalars(query.order_by(Allergy.id)))
    return PatientHeader(patient.id, patient.name, patient.sex, patient.birth_on, allergies)


def _names(session: Session, rows: ReportRows) -> dict[int, str]:
    ids = {claim.decided_by for claim in rows.of("claim") if claim.decided_by} | {rows.report.requested_by}
    return {row.id: row.name for row in session.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))}
