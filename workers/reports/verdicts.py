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
    """The verdict, and why it changed: "supported" becomes "cannot verify" if no cited row holds the quoted words."""
    if verdict != SUPPORTED:
        return verdict, None
    if not quote.strip():
        return CANNOT_VERIFY, "the fact-checker quoted no words of the cited rows"
    if not _is_in(rows, quote):
        return CANNOT_VERIFY, "the words that the fact-checker quoted are in no cited row"
    return verdict, None


def _is_in(rows: Sequence[Mapping[str, str]], quote: str) -> bool:
    """Whether the rows hold every part of the quote; three dots stand for words left out between two parts."""
    said = _normal(" ".join(str(value) for row in rows for value in row.values()))
    pieces = (_normal(piece) for piece in quote.replace("…", "...").split("..."))
    parts = [piece for piece in pieces if piece]
    return bool(parts) and all(part in said for part in parts)


def _normal(text: str) -> str:
    return " ".join(text.casefold().replace("\u2019", "'").strip(" \"'.,;:").split())
