"""The shapes in which a report is shown to its reviewer, and printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from core.queries.corrections import Corrected
from core.queries.reports.figures import Figures
from core.verification import Reader, Severity, Verdict, severity

UNCHANGED, CHANGED, GONE, UNKNOWN = "unchanged", "changed", "gone", "unknown"


@dataclass(frozen=True)
class PatientHeader:
    """The patient of a report, with the allergies, which nobody may overlook."""

    id: int
    name: str
    sex: str
    birth_on: date | None
    allergies: tuple[str, ...]


@dataclass(frozen=True)
class CitedRow:
    """A source row as drafted; `since_drafting` is unchanged, changed, gone, or unknown when its archive is silent."""

    ref: str
    kind: str
    store: str
    fields: Mapping[str, Any]
    since_drafting: str


@dataclass(frozen=True)
class CheckView:
    """What code, or the fact-checker as judge (`model`) or as `reader`, said of a claim; `said` is what it read."""

    checker: str
    verdict: str
    reasons: tuple[str, ...]
    quote: str | None
    said: str | None = None


@dataclass(frozen=True)
class ClaimView:
    """One claim with its checks, its decision and the rows it cites."""

    id: int
    ordinal: int
    section: str
    text: str
    verdict: str | None
    flagged: bool
    reasons: tuple[str, ...]
    quote: str | None
    checks: tuple[CheckView, ...]
    decision: str | None
    decision_reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    citations: tuple[CitedRow, ...]
    is_own_words: bool = False

    @property
    def quote_of_model(self) -> str | None:
        """The words that the fact-checker relied on."""
        judged = self.by("model")
        return judged.quote if judged is not None else None

    def by(self, checker: str) -> CheckView | None:
        """The check of one checker, if it made one."""
        return next((check for check in self.checks if check.checker == checker), None)

    @property
    def is_by_model(self) -> bool:
        """Whether it is supported, and not by what code read alone."""
        by_code = self.by("code")
        is_supported = self.verdict == Verdict.SUPPORTED and not self.flagged
        return is_supported and by_code is not None and by_code.verdict != Verdict.SUPPORTED

    @property
    def is_read_by_model(self) -> bool:
        """Whether the rows bear out what the fact-checker read in it."""
        read = self.by("reader")
        return self.is_by_model and read is not None and read.verdict == Reader.PROVED

    @property
    def is_by_model_alone(self) -> bool:
        """Whether the fact-checker supports it and code bears out neither reading whole: a lighter mark."""
        return self.is_by_model and not self.is_read_by_model

    @property
    def is_unchecked(self) -> bool:
        """A clinician's own words of which no row says otherwise, and code does not bear them out."""
        return self.is_own_words and self.flagged and self.verdict != Verdict.CONTRADICTED

    @property
    def needs_decision(self) -> bool:
        return self.flagged and self.decision is None

    @property
    def severity(self) -> Severity:
        """How much harm the claim could do if it is wrong and believed."""
        return severity(self.verdict, {row.kind for row in self.citations})


@dataclass(frozen=True)
class RevisedView:
    """A sentence that the drafter replaced after a check: what it said, why it was flagged, what it says since."""

    text: str
    reasons: tuple[str, ...]
    now: str


@dataclass(frozen=True)
class OmissionView:
    """A row that no claim mentions and the reviewer should know of."""

    ref: str
    reason: str
    row: CitedRow | None


@dataclass(frozen=True)
class SignatureView:
    """Who signed, when, with what meaning; `holds` is whether the content is still what was signed.

    `is_keyed` is whether a key proves that the staff portal made the signature.
    """

    name: str
    meaning: str
    signed_at: datetime
    content_hash: str
    holds: bool
    is_keyed: bool


@dataclass(frozen=True)
class ReviewReport:
    """A report as its reader may see it.

    `dropped` are claims that the drafter took back after a check; `claims_left_out` counts those that are kept apart.
    """

    id: int
    patient: PatientHeader
    state: str
    reason: str | None
    requested_by: str
    requested_at: datetime
    ready_at: datetime | None
    closed_at: datetime | None
    rounds: int
    drafted_by: str
    model: str | None
    checker_model: str | None
    prompt_version: str | None
    replaces_id: int | None
    replaced_by_id: int | None
    is_archived: bool
    claims: tuple[ClaimView, ...]
    dropped: tuple[ClaimView, ...]
    omissions: tuple[OmissionView, ...]
    figures: Figures
    signature: SignatureView | None
    claims_left_out: int = 0
    # Cited rows that were corrected after the signature.
    corrected: Mapping[str, Corrected] = field(default_factory=dict)
    evidence: Mapping[str, CitedRow] = field(default_factory=dict)
    revised: tuple[RevisedView, ...] = ()
    # The hash over what stands in it now, for whoever signs what this view shows.
    shown: str = ""

    @property
    def alone_total(self) -> int:
        """How many claims the fact-checker alone supports."""
        return sum(claim.is_by_model_alone for claim in self.claims)

    @property
    def read_by_model_total(self) -> int:
        """How many claims code bears out by the fact-checker's reading."""
        return sum(claim.is_read_by_model for claim in self.claims)

    @property
    def flags_total(self) -> int:
        return sum(claim.flagged for claim in self.claims)

    @property
    def flags_decided(self) -> int:
        return sum(claim.flagged and claim.decision is not None for claim in self.claims)

    @property
    def graver_flags(self) -> int:
        """The flags still to decide that could change a treatment."""
        return sum(claim.needs_decision and claim.severity == Severity.HIGH for claim in self.claims)

    @property
    def stale_refs(self) -> tuple[str, ...]:
        """Cited rows that have changed, or gone, since drafting."""
        cited = (row for claim in self.claims for row in claim.citations)
        return tuple(dict.fromkeys(row.ref for row in cited if row.since_drafting in (CHANGED, GONE)))

    @property
    def sections(self) -> dict[str, list[ClaimView]]:
        """The claims by section, sections in the order of their first claim."""
        grouped: dict[str, list[ClaimView]] = {}
        for claim in self.claims:
            grouped.setdefault(claim.section, []).append(claim)
        return grouped


def summary_json(report: ReviewReport) -> dict[str, Any]:
    """A report as `strata report show --json` prints it; cost in US dollars, times in seconds."""
    claims = [
        {
            "id": claim.id,
            "text": claim.text,
            "section": claim.section,
            "citations": [row.ref for row in claim.citations],
            "verdict": claim.verdict,
            "flagged": claim.flagged,
            "reasons": list(claim.reasons),
            "decision": claim.decision,
        }
        for claim in report.claims
    ]
    return {
        "id": report.id,
        "patient_id": report.patient.id,
        "state": report.state,
        "reason": report.reason,
        "claims": claims,
        "omissions": [{"ref": omission.ref, "reason": omission.reason} for omission in report.omissions],
        "model": report.model,
        "prompt_version": report.prompt_version,
        "tokens": report.figures.tokens,
        "cost_usd": float(report.figures.cost_usd),
        "seconds": report.figures.seconds,
    }
