"""Ways in which the offline model can misbehave, to show that the loop's defences work."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from evals.offline_model import gullible

Json = dict[str, Any]
UNKNOWN_CODE = "ZZZZ"


class Behaviour:
    """How the server behaves now; `times` limits a misbehaviour to so many requests, None means until told."""

    def __init__(self, mode: str = "off", times: int | None = None) -> None:
        self._lock = threading.Lock()
        self._mode, self._times = mode, times
        self.asked = 0

    def set(self, mode: str, times: int | None = None) -> None:
        """Behave like this from now on. Raises ValueError for an unknown mode."""
        if mode not in MODES:
            raise ValueError(f"misbehave must be one of: {', '.join(sorted(MODES))}")
        with self._lock:
            self._mode, self._times = mode, times

    def next(self) -> str:
        """The mode for the request at hand, which is counted in `asked`."""
        with self._lock:
            self.asked += 1
            if self._times is None:
                return self._mode
            self._times -= 1
            return self._mode if self._times >= 0 else "off"


def invent(draft: Json, evidence: list[Json]) -> Json:
    """A value that no row holds, in a claim that cites a real row."""
    row = next((row for row in evidence if row["kind"] == "result"), evidence[0])
    name = row.get("test") or row.get("name") or "The result"
    text = f"{name} was 987.6 on {row.get('measured') or '31 December 1999'}."
    return _with(draft, text, row["ref"])


def swap(draft: Json, evidence: list[Json]) -> Json:
    """The direction of every change and the side of every range turned round."""
    pairs = {"rose": "fell", "fell": "rose", "above": "below", "below": "above", "since": "until"}
    pattern = re.compile(rf"\b({'|'.join(pairs)})\b")
    return _reworded(draft, lambda text: pattern.sub(lambda match: pairs[match.group()], text))


def negate(draft: Json, evidence: list[Json]) -> Json:
    """Allergies and problems denied."""
    draft = _reworded(draft, lambda text: re.sub(r"\bhas been active\b", "has not been active", text))
    allergy = next((row for row in evidence if row["kind"] == "allergy"), None)
    return draft if allergy is None else _with(draft, "There are no known allergies.", allergy["ref"])


def foreign_ref(draft: Json, evidence: list[Json]) -> Json:
    """A citation of a row that was not supplied."""
    first, *rest = draft["claims"]
    return {"claims": [{**first, "citations": [UNKNOWN_CODE]}, *rest]}


def other_language(draft: Json, evidence: list[Json]) -> Json:
    """All claims but the first in another language, well cited."""
    first, *rest = draft["claims"]
    words = "Le patient va bien ; son traitement est inchangé."
    return {"claims": [first, *({**claim, "text": words} for claim in rest)]}


def _with(draft: Json, text: str, code: str) -> Json:
    return {"claims": [*draft["claims"], {"section": "Results", "text": text, "citations": [code]}]}


def _reworded(draft: Json, change: Callable[[str], str]) -> Json:
    return {"claims": [{**claim, "text": change(claim["text"])} for claim in draft["claims"]]}


# These change a draft's content. The fact-checker then approves of everything, so that code alone must find the fault.
CONTENT: Mapping[str, Callable[[Json, list[Json]], Json]] = {
    "invent": invent,
    "swap": swap,
    "negate": negate,
    "foreign_ref": foreign_ref,
    "other_language": other_language,
    "gullible": gullible.draft,
}
# These break the reply itself, or its way to the client.
REPLIES = frozenset({"garbage", "empty", "huge", "refuse", "rate_limit", "truncate", "wrong_schema", "down"})
DELIVERY = frozenset({"slow", "stall", "half"})
TRANSPORT = REPLIES | DELIVERY
MODES = frozenset({"off", *CONTENT, *TRANSPORT})
