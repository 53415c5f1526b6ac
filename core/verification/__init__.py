"""The deterministic half of fact-checking: what code can decide about a claim from its own words and its rows.

May import nothing else of core. How a claim is read: docs/claims.md, docs/adr/0021-claims-read-for-their-meaning.md.
"""

from core.verification.claims import Reading, check_claim, decide, read
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.losses import lost, settled
from core.verification.quoting import bears_on
from core.verification.severity import Severity, severity
from core.verification.types import Claim, Finding, Mark, Omission, Result, Row, Verdict
from core.verification.unstated import find_unstated
from core.verification.verdict_table import Grammar, Judge, Reader

__all__ = [
    "Claim",
    "Finding",
    "Grammar",
    "Judge",
    "Judged",
    "Mark",
    "NotInRows",
    "Omission",
    "Proved",
    "Reader",
    "Reading",
    "Refuted",
    "Result",
    "Row",
    "Severity",
    "Verdict",
    "bears_on",
    "check_claim",
    "decide",
    "find_unstated",
    "lost",
    "read",
    "settled",
    "severity",
]
