"""Two verdicts on one claim: the stricter wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SUPPORTED, INFERENCE, NOT_ADDRESSED = "supported", "inference", "not_addressed"
CANNOT_VERIFY, CONTRADICTED = "cannot_verify", "contradicted"

# From the mildest to the strictest.
STRICTNESS = (SUPPORTED, INFERENCE, CANNOT_VERIFY, NOT_ADDRESSED, CONTRADICTED)


def stricter(one: str, other: str) -> str:
    """The stricter of two verdicts."""
    return max(one, other, key=STRICTNESS.index)


def is_flagged(verdict: str) -> bool:
    """Whether a claim with this verdict needs a clinician's decision."""
    return verdict != SUPPORTED


def with_quote_found(verdict: str, quote: str, rows: Sequence[Mapping[str, str]]) -> tuple[str, str | None]:
    """A verdict that stands on words that are in no cited row is no verdict: gives the verdict, and why it changed."""
    if verdict != SUPPORTED:
        return verdict, None
    if not quote.strip():
        return CANNOT_VERIFY, "the fact-checker quoted no words of the cited rows"
    said = _normal(" ".join(str(value) for row in rows for value in row.values()))
    parts = [part for part in (_normal(piece) for piece in quote.replace("…", "...").split("...")) if part]
    if parts and all(part in said for part in parts):
        return verdict, None
    return CANNOT_VERIFY, "the words that the fact-checker quoted are in no cited row"


def _normal(text: str) -> str:
    return " ".join(text.casefold().replace("\u2019", "'").strip(" \"'.,;:").split())
