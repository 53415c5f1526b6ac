"""The deterministic half of fact-checking: what code can decide about a claim from its own words and its rows.

May import nothing else of core. How a claim is read: docs/claims.md, docs/adr/0021-claims-read-for-their-meaning.md.
"""

from core.verification.aligned import bears_out
from core.verification.claims import Reading, check_claim, decide, read
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.losses import lost, settled
from core.verification.quoting import bears_on
from core.verification.second_reader.answer import SaidPart, SaidStatement, from_json
from core.verification.second_reader.reading import NOT_READ, SecondReading
from core.verification.second_reader.reading import read as read_again
from core.verification.severity import Severity, severity
from core.verification.types import Claim, Finding, Mark, Omission, Result, Row, Verdict
from core.verification.unstated import find_unstated
from core.verification.verdict_table import Grammar, Judge, Reader

__all__ = [
    "NOT_READ",
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
    "SaidPart",
    "SaidStatement",
    "SecondReading",
    "Severity",
    "Verdict",
    "bears_on",
    "bears_out",
    "check_claim",
    "decide",
    "find_unstated",
    "from_json",
    "lost",
    "read",
    "read_again",
    "settled",
    "severity",
]
