"""One hash over all that a signature covers: made at signing, and made again from any store to check the signature.

And one over what a page shows to whoever is about to sign, so that nobody signs what was changed meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol


class SignedClaim(Protocol):
    """A stored claim that was neither replaced nor rejected."""

    id: Any
    section: Any
    text: Any
    flagged: Any
    decision: Any
    decision_reason: Any


class SourceVersion(Protocol):
    """A citation: the row and its content hash at drafting."""

    ref: Any
    content_hash: Any


def content_hash(
    claims: Iterable[SignedClaim],
    cited: Mapping[int, Sequence[SourceVersion]],
    *,
    report_id: int,
    patient_id: int,
    name: str,
    meaning: str,
    signed_at: datetime,
) -> str:
    """SHA-256 over the standing claims, their decisions and source versions, and the signature: lower-case hex."""
    content = {
        "report": report_id,
        "patient": patient_id,
        "name": name,
        "meaning": meaning,
        "signed_at": signed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "claims": [
            [
                *(claim.section, claim.text, claim.flagged, claim.decision, claim.decision_reason),
                [[citation.ref, citation.content_hash] for citation in cited.get(claim.id, ())],
            ]
            for claim in claims
        ],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def shown_hash(claims: Iterable[SignedClaim], cited: Mapping[int, Sequence[SourceVersion]]) -> str:
    """SHA-256 over the standing claims with their decisions and sources: lower-case hex.

    Without the flags, which a fact-checker that answers late may take away.
    """
    shown = [
        [
            *(claim.id, claim.section, claim.text, claim.decision, claim.decision_reason),
            [[citation.ref, citation.content_hash] for citation in cited.get(claim.id, ())],
        ]
        for claim in claims
    ]
    return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()
