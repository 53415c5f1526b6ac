"""A source row as the reviewer reads it; the words and values that it shares with the claim are marked."""

from __future__ import annotations

import re
from calendar import month_abbr, month_name
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import current_app
from markupsafe import Markup, escape

from core.queries.reports import CitedRow, ClaimView
from core.web.filters import number, unit

# What a field is called if its own name is not what people say.
LABELS = {
    "observed_at": "Observed", "medication": "Medicine", "frequency": "How often", "started_on": "From",
    "stopped_on": "To", "onset_on": "Since", "resolved_on": "Resolved", "recorded_on": "Recorded",
    "description": "Visit", "class": "Kind", "started_at": "Began", "ended_at": "Ended", "written_at": "Written",
    "birth_date": "Born", "died_on": "Died", "statement": "States", "stated_on": "Stated",
}  # fmt: skip
MERGED = ("short_name", "code", "unit", "ref_low", "ref_high", "interpretation")
FLAGS = {"N": "normal", "H": "high", "HH": "critically high", "L": "low", "LL": "critically low", "A": "abnormal"}
COMMON = frozenset(
    {"and", "are", "been", "for", "from", "had", "has", "have", "her", "his", "its", "not", "since", "than", "that"}
    | {"the", "their", "them", "they", "this", "was", "were", "which", "who", "with"}
)
ISO = re.compile(r"\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?")
WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+")
MONTHS = {name.lower(): short.lower() for name, short in zip(month_name, month_abbr, strict=True) if name}


@dataclass(frozen=True)
class ShownRow:
    """A cited row with its lines, each a label and marked-up text."""

    row: CitedRow
    lines: tuple[tuple[str, Markup], ...]


def shown(row: CitedRow, claim: ClaimView) -> ShownRow:
    """A row's fields in people's words; what the claim and the row both say is marked."""
    words = telling_words(claim.text)
    texts = ((_label(name), text) for name, text in _texts(row.fields))
    return ShownRow(row, tuple((label, marked(text, words, claim.quote)) for label, text in texts))


def _label(name: str) -> str:
    return LABELS.get(name) or name.replace("_", " ").capitalize()


def _texts(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    lines = []
    for name, value in fields.items():
        if value in (None, "") or name in MERGED:
            continue
        text = _plain(value)
        if name == "value":
            text = " · ".join(
                filter(None, (f"{text} {unit(fields.get('unit'))}".strip(), _range(fields), _flag(fields)))
            )
        elif name == "name":
            text = _naming(text, fields)
        lines.append((name, text))
    return lines


def _naming(name: str, fields: Mapping[str, Any]) -> str:
    """`HbA1c · Hemoglobin A1c (4548-4)`."""
    short, code = fields.get("short_name"), fields.get("code")
    return f"{short} · " * bool(short and short != name) + name + f" ({code})" * bool(code)


def _plain(value: Any) -> str:
    if isinstance(value, str) and ISO.fullmatch(value):
        with suppress(ValueError):  # it looks like a date, but no calendar has it
            return _date(value)
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _date(value: str) -> str:
    filters = current_app.jinja_env.filters
    if "T" in value:
        return str(filters["moment"](datetime.fromisoformat(value)))
    return str(filters["day"](date.fromisoformat(value)))


def _range(fields: Mapping[str, Any]) -> str:
    low, high = fields.get("ref_low"), fields.get("ref_high")
    if low is not None and high is not None:
        return f"usual {number(low)}–{number(high)}"
    return f"usual up to {number(high)}" if high is not None else f"usual from {number(low)}" if low is not None else ""


def _flag(fields: Mapping[str, Any]) -> str:
    code = fields.get("interpretation")
    return FLAGS.get(code, str(code)) if code else ""


def telling_words(text: str) -> frozenset[str]:
    """The words and numbers of a claim to look for in its source; months also as rows write them."""
    found = {word.lower() for word in WORD.findall(text)}
    found |= {MONTHS[word] for word in found & MONTHS.keys()}
    return frozenset(word for word in found - COMMON if word[0].isdigit() or len(word) > 2)


def marked(text: str, words: frozenset[str], quote: str | None) -> Markup:
    """The text with every word of `words`, and the whole of `quote`, in <mark>."""
    spans = [match.span() for match in WORD.finditer(text) if match.group().lower() in words]
    if quote and quote.strip():
        spans += [match.span() for match in re.finditer(re.escape(quote.strip()), text, re.IGNORECASE)]
    parts, end = [], 0
    for start, stop in _joined(sorted(spans), text):
        parts += [escape(text[end:start]), Markup("<mark>{}</mark>").format(text[start:stop])]
        end = stop
    return Markup("").join([*parts, escape(text[end:])])


def _joined(spans: list[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Join spans that overlap or have only blanks between them."""
    joined: list[tuple[int, int]] = []
    for start, stop in spans:
        if joined and (start <= joined[-1][1] or text[joined[-1][1] : start].isspace()):
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined
