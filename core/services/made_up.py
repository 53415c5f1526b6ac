"""Random codes for people to copy by hand."""

from __future__ import annotations

import secrets

# Without 0, o, 1, l and i, which people mistake for each other.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def made_up(groups: int, length: int) -> str:
    """Random groups of letters and digits that are hard to mistake for each other, joined by hyphens."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(length)) for _ in range(groups))
