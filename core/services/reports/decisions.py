"""A clinician's decision on one claim of a draft, and re-reading rows that have changed under it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.access import care, permissions
from core.access.permissions import Actor, Right
from core.jobs import outbox
from core.models import Assay, Check, Citation, Claim, Decision, Evidence, Report, ReportState, transitions, utc_now
from core.services.reports import checking, omissions
from core.services.reports.lifecycle import cited_refs, current_claims, locked
from core.sources import fields, find
from core.stores.page_zone import page_zone
from core.verification import Verdict

CHECK_EDITS = "workers.reports.jobs.check_edits"
TEXT_LENGTH_MAX = 1_000
REASON_LENGTH_MAX = 1_000


class BadDecision(ValueError):
    """The decision can't be taken like that; the message says what to mend."""


def decide_claim(
    session: Session,
    *,
    report_id: int,
    claim_id: int,
    decision: Decision | str,
    text: str | None = None,
    reason: str | None = None,
    by: Actor,
) -> Claim:
    """Accept, edit or reject a claim of a report that is ready; gives the claim that stands afterwards.

    An edit makes a new claim, checked by code at once; a worker asks the fact-checker about it too. Rejecting a claim
    needs a reason, and so does accepting a flagged one, except a clinician's own words that no row speaks against.
    Raises PermissionDenied, NoSuchReport, InvalidTransition, BadDecision.
    """
    permissions.check(by, Right.REPORT_REVIEW)
    report = _ready(session, report_id)
    care.check(session, by, report.patient_id)
    claim = _standing(session, report, claim_id)
    chosen = Decision(decision)
    reason = _trimmed(reason, REASON_LENGTH_MAX, "reason")
    refuted = claim.verdict == Verdict.CONTRADICTED
    if reason is None and _needs_reason(session, claim, chosen):
        raise BadDecision("Say why, in a few words: a reason is kept with this decision.")
    result = _edited(session, claim, text) if chosen is Decision.EDITED else claim
    claim.decision, claim.decision_reason, claim.decided_by, claim.decided_at = chosen, reason, by.id, utc_now()
    against = "_against_row" if refuted and chosen is Decision.ACCEPTED else ""
    action = f"report.claim_{chosen}{against}"
    audit.record(session, action, by=by, patient_id=report.patient_id, target=f"claim:{claim.id}")
    session.flush()
    omissions.keep(session, report_id)
    if chosen is Decision.EDITED:
        outbox.add(session, CHECK_EDITS, report_id=report_id)
    return result


def _needs_reason(session: Session, claim: Claim, chosen: Decision) -> bool:
    if chosen is not Decision.ACCEPTED:
        return chosen is Decision.REJECTED
    return claim.flagged and (claim.verdict == Verdict.CONTRADICTED or not is_own_words(session, claim))


def is_own_words(session: Session, claim: Claim) -> bool:
    """Whether a clinician wrote the claim: it took the place of one that was edited."""
    query = select(Claim.id).where(Claim.replaced_by == claim.id, Claim.decision == Decision.EDITED)
    return session.scalar(query.limit(1)) is not None


def refresh_sources(session: Session, *, report_id: int, by: Actor) -> list[Claim]:
    """Read cited rows again, and let code check again the claims that cite a changed row.

    The decisions on these claims are undone, except rejections; a claim whose row is gone is flagged. Gives the claims.
    Raises PermissionDenied, NoSuchReport, InvalidTransition, ColdUnavailable.
    """
    permissions.check(by, Right.REPORT_REVIEW)
    care.check(session, by, _ready(session, report_id).patient_id)
    cited = session.scalars(select(Citation).where(Citation.report_id == report_id)).all()
    found = find.rows(session, {citation.ref for citation in cited})
    outdated = {c.ref for c in cited if c.ref not in found or not found[c.ref].is_as(c)}
    changed = {ref: found[ref] for ref in outdated & found.keys()}
    _supply_again(session, report_id, changed)
    _cite_again(cited, changed)
    session.flush()
    affected = {citation.claim_id for citation in cited if citation.ref in outdated}
    rechecked = _recheck(session, report_id, affected, gone=outdated - changed.keys())
    omissions.keep(session, report_id)
    return rechecked


def _ready(session: Session, report_id: int) -> Report:
    report = locked(session, report_id)
    if report.state != ReportState.READY:
        raise transitions.InvalidTransition(f"report {report_id} is {report.state}: its claims can't be decided")
    return report


def _standing(session: Session, report: Report, claim_id: int) -> Claim:
    claim = session.get(Claim, claim_id, populate_existing=True)
    if claim is None or claim.report_id != report.id:
        raise BadDecision(f"report {report.id} has no claim {claim_id}")
    if claim.replaced_by is not None:
        raise BadDecision(f"claim {claim_id} was replaced by claim {claim.replaced_by}: decide that one")
    return claim


def _edited(session: Session, claim: Claim, text: str | None) -> Claim:
    words = _trimmed(text, TEXT_LENGTH_MAX, "claim")
    if words is None:
        raise BadDecision("Write the claim's new words, or reject it.")
    if words == claim.text:
        raise BadDecision("The words are the same: accept the claim, or change it.")
    new = Claim(
        report_id=claim.report_id,
        patient_id=claim.patient_id,
        ordinal=claim.ordinal,
        section=claim.section,
        text=words,
        round=claim.round,
    )
    session.add(new)
    session.flush()
    cited = session.scalars(select(Citation).where(Citation.claim_id == claim.id).order_by(Citation.id)).all()
    session.add_all(
        Citation(
            report_id=claim.report_id, claim_id=new.id, ref=citation.ref, content_hash=citation.content_hash,
            hash_version=citation.hash_version,
        )
        for citation in cited
    )  # fmt: skip
    claim.replaced_by = new.id
    rows = checking.evidence_rows(session, claim.report_id)
    session.add(checking.check_by_code(new, tuple(citation.ref for citation in cited), rows))
    session.flush()
    return new


def _supply_again(session: Session, report_id: int, changed: Mapping[str, find.Source]) -> None:
    """Replace the report's evidence of changed rows by the rows as they are now."""
    query = select(Evidence).where(Evidence.report_id == report_id, Evidence.ref.in_(list(changed)))
    for evidence in session.scalars(query):
        source = changed[evidence.ref]
        table = source.ref.partition(":")[0]
        assay = session.get(Assay, source.values["assay_id"]) if table == "observation" else None
        named = {"name": assay.name, "short_name": assay.short_name, "code": assay.code} if assay is not None else None
        evidence.fields = fields.fields(table, source.values, named, zone=page_zone())
        evidence.content_hash, evidence.hash_version = source.content_hash, source.hash_version
        evidence.store = source.store


def _cite_again(cited: Iterable[Citation], changed: Mapping[str, find.Source]) -> None:
    for citation in cited:
        if citation.ref in changed:
            source = changed[citation.ref]
            citation.content_hash, citation.hash_version = source.content_hash, source.hash_version


def _recheck(session: Session, report_id: int, claim_ids: Set[int], *, gone: Set[str]) -> list[Claim]:
    """Undo the decisions on these claims, as far as they stand, and check them again by code. Gives those claims."""
    cited = cited_refs(session, report_id)
    rows = checking.evidence_rows(session, report_id)
    standing = [claim for claim in current_claims(session, report_id) if claim.id in claim_ids]
    for claim in standing:
        claim.decision = claim.decision_reason = claim.decided_by = claim.decided_at = None
        session.add(checking.check_by_code(claim, cited[claim.id], rows))
        lost = sorted(gone & set(cited[claim.id]))
        if lost:
            session.add(_flagged_as_lost(claim, lost))
        session.flush()
    return standing


def _flagged_as_lost(claim: Claim, lost: Sequence[str]) -> Check:
    """Flag a claim that cites rows which are no longer there. Returns the check to keep."""
    claim.verdict, claim.flagged = "not_addressed", True
    reasons = [f"{ref} is no longer in the record" for ref in lost]
    return Check(report_id=claim.report_id, claim_id=claim.id, checker="code", verdict=claim.verdict, reasons=reasons)


def _trimmed(text: str | None, limit: int, what: str) -> str | None:
    words = " ".join((text or "").split())
    if len(words) > limit:
        raise BadDecision(f"Shorten the {what} to {limit:,} characters; it has {len(words):,}.")
    return words or None
