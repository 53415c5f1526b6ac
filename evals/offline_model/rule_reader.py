"""The reader's rules: the sentences that the drafter's rules make, taken apart again; any other is left unread."""

from __future__ import annotations

import calendar
import re
from typing import Any

Json = dict[str, Any]
_MONTHS = tuple(calendar.month_name[1:])
_DAY = rf"\d{{1,2}} (?:{'|'.join(_MONTHS)}) \d{{4}}"
_READINGS = {"above": "high", "below": "low", "within": "normal"}
# A kind, and what its sentences look like; the groups are roles.
_PATTERNS = (
    (
        "result",
        rf"(?P<about>(?:(?! was ).)+) was (?P<value>\S+(?: [^,]+?)?) on (?P<when>{_DAY})"
        r"(?:, (?P<reading>(?:above|below|within) the reference range))?\.",
    ),
    (
        "trend",
        rf"(?P<about>.+?) (?P<direction>rose|fell) from (?P<from_value>.+?) on (?P<from_when>{_DAY})"
        rf" to (?P<to_value>.+?) on (?P<to_when>{_DAY})\.",
    ),
    ("condition", rf"(?P<about>.+?) has been (?P<status>active) since (?P<start>{_DAY})\."),
    ("condition", rf"(?P<about>.+?) began on (?P<start>{_DAY}) and (?P<status>resolved) on (?P<end>{_DAY})\."),
    ("condition", r"(?P<about>.+?) (?:is (?P<status>active)|has (?P<ended>resolved))\."),
    (
        "medicine",
        rf"(?P<about>.+?) was taken from (?P<start>{_DAY}) to (?P<end>{_DAY}) and is (?P<status>no longer taken)\.",
    ),
    ("medicine", r"(?P<about>.+?) is (?P<status>no longer taken)\."),
    ("visit", rf"(?P<about>Visit) on (?P<when>{_DAY}): (?P<detail>[^;]+)(?:; (?P<reason>.+))?\."),
)
_COMPILED = tuple((kind, re.compile(rf"\A(?:{pattern})\Z")) for kind, pattern in _PATTERNS)
_MEANS = {"active": "active", "resolved": "resolved", "no longer taken": "stopped", "rose": "up", "fell": "down"}


def read(sentences: list[Json]) -> Json:
    """What each sentence says."""
    return {"readings": [{"sentence": one["label"], "statements": _statements(one["text"])} for one in sentences]}


def misread(sentences: list[Json]) -> Json:
    """The reader that can't be relied upon: each sentence says of its first word that it is active, no more."""
    return {"readings": [{"sentence": one["label"], "statements": [_active(one["text"])]} for one in sentences]}


def _statements(text: str) -> list[Json]:
    for kind, pattern in _COMPILED:
        found = pattern.match(text)
        if found is not None:
            said = {role: words for role, words in found.groupdict().items() if words}
            about = said.pop("about")
            parts = [_part({"ended": "status"}.get(role, role), words) for role, words in said.items()]
            return [{"kind": kind, "about": about, "known_as": "", "span": text, "parts": parts}]
    return []


def _part(role: str, words: str) -> Json:
    if role == "reading":
        means = _READINGS[words.partition(" ")[0]]
    else:
        means = _iso(words) if re.fullmatch(_DAY, words) else _MEANS.get(words, "")
    return {"role": role, "words": words, "means": means}


def _iso(day: str) -> str:
    number, month, year = day.split()
    return f"{year}-{_MONTHS.index(month) + 1:02}-{int(number):02}"


def _active(text: str) -> Json:
    about, _, rest = text.partition(" ")
    parts = [{"role": "status", "words": rest, "means": "active"}] if rest else []
    return {"kind": "condition", "about": about, "known_as": "", "span": text, "parts": parts}
