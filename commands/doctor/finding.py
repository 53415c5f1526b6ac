from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `mend` says what to do when it is not ok."""

    subject: str
    ok: bool
    detail: str
    mend: str = ""


def judge(subject: str, ok: bool, detail: str, mend: str) -> Finding:
    return Finding(subject, ok, detail, "" if ok else mend)
