"""The deterministic half of fact-checking: what code can decide about a claim from its own words and its rows.

May import nothing else of core.

Two readings of a claim stand side by side. The check by words (`check.py` and what it imports) decides:
`check_claim` below is it. The check by meaning (`claims.py`, `unstated.py`, `grammar/`, `evaluators/`, `vocabulary/`)
decides nothing yet; only `strata eval run factcheck` asks it, to compare the two. It is to take the other's place:
docs/claims.md, docs/adr/0021-claims-read-for-their-meaning.md.
"""

from core.verification.check import check_claim
from core.verification.omissions import find_omissions
from core.verification.severity import Severity, severity
from core.verification.types import Claim, Finding, Omission, Result, Row, Verdict

__all__ = [
    "Claim",
    "Finding",
    "Omission",
    "Result",
    "Row",
    "Severity",
    "Verdict",
    "check_claim",
    "find_omissions",
    "severity",
]
