"""The fact-checker's verdicts on stored claims."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import verification
from core.models import Check, Claim, Report, ReportState, utc_now
from core.services.reports import checking as code_checking
from core.services.reports.lifecycle import cited_refs, current_claims
from core.verification import Row
from workers.reports import checker, verdicts
from workers.reports.checker import Judged, ToCheck
from workers.reports.lease import Hold

MODEL = "model"


def check_by_model(lease: Hold, state: ReportState = ReportState.CHECKING) -> None:
    """Have the fact-checker judge the claims without its verdict, a few at a time, and keep each verdict at once.

    Raises LoopFailure, LeaseLost.
    """
    with lease.look(state) as (session, report):
        claims = _unjudged(session, report.id)
        if not claims:
            return
        evidence = code_checking.evidence_rows(session, report.id)
        cited = cited_refs(session, report.id)
        asked = [_to_check(claim, cited[claim.id], evidence) for claim in claims]
        round_ = report.round
    for first in range(0, len(asked), checker.CLAIMS_PER_CALL):
        judged, reply = checker.check(lease, asked[first : first + checker.CLAIMS_PER_CALL], utc_now().date(), round_)
        with lease.step(state) as (session, report):
            report.checker_model = reply.model
            _keep(session, report, judged, reply.call_id)


def _unjudged(session: Session, report_id: int) -> list[Claim]:
    checked = set(session.scalars(select(Check.claim_id).where(Check.report_id == report_id, Check.checker == MODEL)))
    claims = [claim for claim in current_claims(session, report_id) if claim.decision is None]
    return [claim for claim in claims if claim.id not in checked]


def _to_check(claim: Claim, cited: tuple[str, ...], evidence: Mapping[str, Row]) -> ToCheck:
    rows = tuple((evidence[ref].type, evidence[ref].fields) for ref in cited)
    settled = verification.settled(code_checking.read(claim, cited, evidence))
    return ToCheck(claim.id, claim.text, rows, settled)


def _keep(session: Session, report: Report, judged: Mapping[int, Judged], call_id: int) -> None:
    """Keep the fact-checker's verdicts, and decide each claim anew with them, by the verdict table.

    A claim that a person decided, or replaced, while the fact-checker was asked stays as that person left it.
    """
    rows = code_checking.evidence_rows(session, report.id)
    cited, said = cited_refs(session, report.id), code_checking.said_in(session, report.id)
    decided = {}
    open_ = (Claim.decision.is_(None), Claim.replaced_by.is_(None))
    for claim in session.scalars(select(Claim).where(Claim.id.in_(judged), *open_)):
        found = judged[claim.id]
        reading = code_checking.read(claim, cited[claim.id], rows)
        second = code_checking.read_again(claim, cited[claim.id], rows, said.get(claim.id, ()))
        judge = verdicts.column(found.verdict, found.quote, reading, second)
        result = verification.decide(reading, second=second, judge=judge)
        decided[claim.id] = (str(result.verdict), result.flagged)
        session.add(
            Check(
                report_id=report.id, claim_id=claim.id, checker=MODEL, verdict=found.verdict,
                reasons=list(found.reasons), quote=found.quote, model_call_id=call_id,
            )
        )  # fmt: skip
    code_checking.keep_verdicts(session, decided)
