"""The deterministic check of one stored claim against its evidence as drafted."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import verification
from core.models import Check, Claim, Evidence
from core.verification import Result, Row

CODE = "code"


def evidence_rows(session: Session, report_id: int) -> dict[str, Row]:
    """The rows supplied to a report's drafter, by reference, as the checks take them."""
    query = select(Evidence).where(Evidence.report_id == report_id).order_by(Evidence.id)
    return {
        row.ref: Row(row.ref, row.ref.partition(":")[0], row.patient_id, row.fields) for row in session.scalars(query)
    }


def check_by_code(
    session: Session, claim: Claim, cited: tuple[str, ...], evidence: Mapping[str, Row] | None = None
) -> Result:
    """Check a claim against the rows it cites, keep the check, and set the claim's verdict and flag by it alone."""
    rows = evidence if evidence is not None else evidence_rows(session, claim.report_id)
    given = [rows[ref] for ref in cited if ref in rows]
    result = verification.check_claim(verification.Claim(claim.text, cited, claim.patient_id), given)
    claim.verdict, claim.flagged = result.verdict, result.flagged
    session.add(
        Check(
            report_id=claim.report_id,
            claim_id=claim.id,
            checker=CODE,
            verdict=result.verdict,
            reasons=list(result.reasons),
            quote=next((finding.quote for finding in result.findings if finding.quote), None),
        )
    )
    return result
