"""What the fact-checker's verdict counts for: its column of the verdict table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.verification import NOT_READ, Judge, Reading, SecondReading, bears_on, bears_out

SUPPORTED, CONTRADICTED, CANNOT_VERIFY = "supported", "contradicted", "cannot_verify"
NO_QUOTE = "The fact-checker quoted no words of the cited rows."
QUOTE_NOT_FOUND = "The words that the fact-checker quoted are in no cited row."


def with_quote_found(verdict: str, quote: str, rows: Sequence[Mapping[str, str]]) -> tuple[str, str | None]:
    """The verdict, and why it changed: "supported" becomes "cannot verify" if no cited row holds the quoted words."""
    if verdict != SUPPORTED:
        return verdict, None
    if not quote.strip():
        return CANNOT_VERIFY, NO_QUOTE
    if not _is_in(rows, quote):
        return CANNOT_VERIFY, QUOTE_NOT_FOUND
    return verdict, None


def column(verdict: str, quote: str | None, reading: Reading, second: SecondReading = NOT_READ) -> Judge:
    """The judge's column for a verdict whose quote was looked for, beside what code made of both readings."""
    if verdict == SUPPORTED:
        if bears_out(quote or "", reading, second):
            return Judge.BORNE
        return Judge.SUPPORTED if bears_on(quote or "", reading) else Judge.UNQUOTED
    return Judge.CONTRADICTED if verdict == CONTRADICTED else Judge.NOT_ADDRESSED


def _is_in(rows: Sequence[Mapping[str, str]], quote: str) -> bool:
    """Whether the rows hold every part of the quote; three dots stand for words left out between two parts."""
    said = _normal(" ".join(str(value) for row in rows for value in row.values()))
    pieces = (_normal(piece) for piece in quote.replace("…", "...").split("..."))
    parts = [piece for piece in pieces if piece]
    return bool(parts) and all(part in said for part in parts)


def _normal(text: str) -> str:
    return " ".join(text.casefold().replace("\u2019", "'").strip(" \"'.,;:").split())
