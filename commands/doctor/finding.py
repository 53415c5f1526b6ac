from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """The result of one check; `mend` says what to do if it is not ok."""

    subject: str
    ok: bool
    detail: str
    mend: str = ""


def judge(subject: str, ok: bool, detail: str, mend: str) -> Finding:
    return Finding(subject, ok, detail, "" if ok else mend)
