"""Names of what was found and done, as a patient reads them."""

from __future__ import annotations

import re

# SNOMED CT ends each full name with the kind of thing that it names. A patient can do without.
KINDS = (
    "assessment scale", "body structure", "clinical drug", "disorder", "environment", "event", "finding",
    "medicinal product", "morphologic abnormality", "observable entity", "occupation", "organism", "person",
    "physical object", "procedure", "product", "qualifier value", "record artifact", "regime/therapy", "situation",
    "social concept", "substance", "tumor staging",
)  # fmt: skip
TAG = re.compile(rf" \((?:{'|'.join(KINDS)})\)(?=$| · )")


def lay(name: str | None) -> str:
    """The name, or several with dots between them, without their kinds."""
    return TAG.sub("", name or "")
