from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """The result of one check; `mend` says what to do if it is not ok."""

    subject: str
    ok: bool
    detail: str
    mend: str = ""


def first_of(lines: Sequence[str], *, none: str) -> str:
    """The first lines of a list and how many more there are; `none` for an empty one."""
    more = f" (and {len(lines) - SHOWN} more)" if len(lines) > SHOWN else ""
    return "; ".join(lines[:SHOWN]) + more or none


def judge(subject: str, ok: bool, detail: str, mend: str) -> Finding:
    return Finding(subject, ok, detail, "" if ok else mend)
