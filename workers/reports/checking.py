"""The two checks of stored claims, and what no claim mentions."""

from __future__ import annotations

from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import verification
from core.models import Check, Claim, Omission, ReportState, utc_now
from core.services.reports import checking as code_checking
from core.services.reports.states import cited_refs, current_claims
from core.verification import Row
from workers.reports import checker, verdicts
from workers.reports.checker import Judged, ToCheck
from workers.reports.lease import Lease

MODEL = "model"


def check_by_code(lease: Lease) -> None:
    """Check by code each standing claim that code has not checked."""
    with lease.step(ReportState.CHECKING) as (session, report):
        evidence = code_checking.evidence_rows(session, report.id)
        cited = cited_refs(session, report.id)
        with session.no_autoflush:
            for claim in _unchecked(session, report.id, code_checking.CODE):
                code_checking.check_by_code(session, claim, cited[claim.id], evidence)


def check_next_by_model(lease: Lease) -> bool:
    """Have the next few claims judged by the fact-checker and keep its verdicts; False if none is left.

    Raises LoopFailure, LeaseLost.
    """
    with lease.look(ReportState.CHECKING) as (session, report):
        claims = _unchecked(session, report.id, MODEL)[: checker.CLAIMS_PER_CALL]
        evidence = code_checking.evidence_rows(session, report.id)
        cited = cited_refs(session, report.id)
        asked = [_to_check(claim, [evidence[ref] for ref in cited[claim.id]]) for claim in claims]
        round_ = report.round
    if not asked:
        return False
    judged, reply = checker.check(lease, asked, utc_now().date(), round_)
    with lease.step(ReportState.CHECKING) as (session, report):
        report.checker_model = reply.model
        for claim in session.scalars(select(Claim).where(Claim.id.in_(judged))):
            _keep(session, claim, judged[claim.id], reply.call_id)
    return True


def keep_omissions(session: Session, report_id: int, on: date) -> None:
    """List, for the clinician, the rows that no claim states and should; a flagged claim states nothing yet."""
    cited = cited_refs(session, report_id)
    claims = [
        verification.Claim(claim.text, cited[claim.id], claim.patient_id)
        for claim in current_claims(session, report_id)
        if not claim.flagged
    ]
    rows = list(code_checking.evidence_rows(session, report_id).values())
    session.execute(delete(Omission).where(Omission.report_id == report_id))
    session.add_all(
        Omission(report_id=report_id, ref=omission.ref, reason=omission.reason)
        for omission in verification.find_omissions(claims, rows, on)
    )


def _unchecked(session: Session, report_id: int, by: str) -> list[Claim]:
    checked = set(session.scalars(select(Check.claim_id).where(Check.report_id == report_id, Check.checker == by)))
    return [claim for claim in current_claims(session, report_id) if claim.id not in checked]


def _to_check(claim: Claim, cited: list[Row]) -> ToCheck:
    return ToCheck(claim.id, claim.text, tuple((row.type, row.fields) for row in cited))


def _keep(session: Session, claim: Claim, judged: Judged, call_id: int) -> None:
    session.add(
        Check(
            report_id=claim.report_id, claim_id=claim.id, checker=MODEL, verdict=judged.verdict,
            reasons=list(judged.reasons), quote=judged.quote, model_call_id=call_id,
        )
    )  # fmt: skip
    claim.verdict = verdicts.stricter(claim.verdict or verdicts.CANNOT_VERIFY, judged.verdict)
    claim.flagged = claim.flagged or verdicts.is_flagged(claim.verdict)
