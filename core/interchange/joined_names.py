"""The parts of a person's name in the order in which its bearer's people write them."""

from __future__ import annotations

import re
from collections.abc import Sequence

FAMILY_FIRST = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")


def joined(given: Sequence[str], family: str, suffix: Sequence[str] = ()) -> str:
    """Given names, family name and suffix; Chinese, Japanese and Korean names family first, without blanks."""
    parts = (*((family,) if family else ()), *given)
    if family and all(FAMILY_FIRST.search(part) for part in parts):
        return "".join(parts)
    return " ".join(" ".join((*given, family, *suffix)).split())
