"""The deterministic half of fact-checking: what code can decide about a claim from its own words and its rows.

May import nothing else of core. How a claim is read: docs/claims.md, docs/adr/0021-claims-read-for-their-meaning.md.
"""

from core.verification.claims import check_claim
from core.verification.severity import Severity, severity
from core.verification.types import Claim, Finding, Omission, Result, Row, Verdict
from core.verification.unstated import find_unstated as find_omissions

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
