"""What a claim check takes and gives: plain values, the same for the report loop, the review page and the evals."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Verdict(StrEnum):
    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_ADDRESSED = "not_addressed"
    CANNOT_VERIFY = "cannot_verify"


@dataclass(frozen=True)
class Row:
    """One source row. `ref` reads `observation:12`; each field of the record type may be missing or None."""

    ref: str
    type: str
    patient_id: int
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Claim:
    """One sentence of a report, with the references of the rows it rests on."""

    text: str
    citations: tuple[str, ...]
    patient_id: int


class Finding(NamedTuple):
    """One thing looked at in a claim. `span` is a character range of the claim's text, `quote` the words of the row."""

    verdict: Verdict
    reason: str
    span: tuple[int, int] | None = None
    row_ref: str | None = None
    quote: str | None = None


# How a reason begins that names words which no statement covers; those of one claim are told in one sentence.
UNSAID = "No cited row was found to say "


class Mark(StrEnum):
    """Who stands behind a supported claim."""

    CODE = "code"
    READ_BY_MODEL = "read by the fact-checker, proved by code"
    MODEL_ALONE = "by the fact-checker alone"
    NOBODY = "nobody"


class Result(NamedTuple):
    verdict: Verdict
    findings: tuple[Finding, ...]
    mark: Mark = Mark.NOBODY

    @property
    def flagged(self) -> bool:
        return self.verdict is not Verdict.SUPPORTED

    @property
    def is_by_model_alone(self) -> bool:
        """Supported by the fact-checker, and not by code: a lighter mark."""
        return self.mark is Mark.MODEL_ALONE

    @property
    def is_read_by_model(self) -> bool:
        """Supported because the rows hold what the fact-checker read in it, and code did not read it whole."""
        return self.mark is Mark.READ_BY_MODEL

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the claim is flagged, in plain English; empty if it is supported."""
        found = dict.fromkeys(f.reason for f in self.findings if f.verdict is not Verdict.SUPPORTED)
        unsaid = [reason.removeprefix(UNSAID).rstrip(".") for reason in found if reason.startswith(UNSAID)]
        others = [reason for reason in found if not reason.startswith(UNSAID)]
        return (*others, *([f"{UNSAID}{', '.join(unsaid)}."] if unsaid else ()))


@dataclass(frozen=True)
class Omission:
    """A row that a reader would expect in the summary and that no claim mentions."""

    ref: str
    reason: str
