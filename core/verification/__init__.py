"""The deterministic half of fact-checking: what code can decide about a claim from its own words and its rows.

May import nothing else of core.
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
