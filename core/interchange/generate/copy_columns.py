"""Rows as COPY's text format: which columns the lines of each table have."""

from __future__ import annotations

from collections.abc import Sequence

COLUMNS = {
    "patient": "id name sex birth_on phone address language created_at version",
    "visit": "id patient_id clinic_id practitioner_id class_code status description reason started_at ended_at version",
    "note": "patient_id visit_id kind author text written_at version",
    "observation": (
        "patient_id visit_id assay_id value_number unit ref_low ref_high interpretation observed_at version"
    ),
    "condition": "patient_id visit_id code name status onset_on resolved_on version",
    "allergy": "patient_id code substance category reaction severity criticality status recorded_on version",
    "prescription": (
        "patient_id visit_id code medication dose frequency route instructions reason status started_on stopped_on"
        " version"
    ),
}
NULL = "\\N"
BLOCK_ROWS = 2_000


def blocks(lines: Sequence[str]) -> list[bytes]:
    """Lines in blocks of bytes. Their texts hold no tab, backslash or line end but those that are COPY's own."""
    return ["".join(lines[at : at + BLOCK_ROWS]).encode() for at in range(0, len(lines), BLOCK_ROWS)]
