"""The drafter's rules: each row becomes a plain sentence, results with a history also a trend."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

Json = dict[str, Any]
CLAIMS_MAX = 36
MOST_OF_A_KIND = {"Results": 10, "Visits": 3}
CURRENT_ENOUGH = 4
LABELS_OF_TERMS = (
    r"\((?:disorder|finding|situation|procedure|substance|organism|product|event|morphologic abnormality)\)"
)


def draft(evidence: list[Json]) -> Json:
    """Claims from evidence rows, in the order of a summary."""
    sections = (
        ("Overview", _of(evidence, "patient", _person)),
        ("Allergies", _of(evidence, "allergy", _allergy)),
        ("Conditions", _conditions(evidence)),
        ("Medicines", _medicines(evidence)),
        ("Results", _results(evidence)),
        ("Visits", _of(evidence, "visit", _visit)),
    )
    claims = [
        {"section": section, "text": text, "citations": codes}
        for section, made in sections
        for text, codes in islice(made, MOST_OF_A_KIND.get(section))
    ]
    return {"claims": claims[:CLAIMS_MAX]}


def revise(flagged: list[Json], evidence: list[Json]) -> Json:
    """A flagged claim becomes the plain sentence of its first row, or is dropped if it is that already."""
    by_code = {row["ref"]: row for row in evidence}
    return {"revisions": [_revision(claim, by_code) for claim in flagged]}


Made = tuple[str, list[str]]


def _of(evidence: Iterable[Json], kind: str, say: Callable[[Json], str]) -> Iterator[Made]:
    return ((say(row), [row["ref"]]) for row in evidence if row["kind"] == kind)


def _revision(claim: Json, by_code: Mapping[str, Json]) -> Json:
    row = by_code.get(claim["citations"][0]) if claim["citations"] else None
    text = SENTENCES[row["kind"]](row) if row is not None and row["kind"] in SENTENCES else ""
    if row is None or not text or text == claim["text"]:
        return {"claim": claim["label"], "action": "drop", "text": "", "citations": [], "quote": ""}
    return {"claim": claim["label"], "action": "replace", "text": text, "citations": [row["ref"]], "quote": ""}


def _person(row: Json) -> str:
    sex = f", {row['sex']}," if row.get("sex") in ("female", "male") else ""
    return f"{row['name']}{sex} was born on {row['born']}."


def _allergy(row: Json) -> str:
    about = [term(row[label]) for label in ("reaction", "severity") if row.get(label)]
    recorded = f", recorded on {row['recorded']}" if row.get("recorded") else ""
    return f"Allergy to {term(row['substance'])}{recorded}{': ' + ', '.join(about) if about else ''}."


def _is_current(row: Json) -> bool:
    return "still" in (row.get("course") or row.get("taken") or "")


def _mostly_current(rows: list[Json]) -> list[Json]:
    """All current rows; ended ones only until there are CURRENT_ENOUGH."""
    current = [row for row in rows if _is_current(row)]
    over = [row for row in rows if not _is_current(row)]
    return current + over[: max(0, CURRENT_ENOUGH - len(current))]


def _conditions(evidence: list[Json]) -> Iterator[Made]:
    rows = [row for row in evidence if row["kind"] == "condition"]
    return _of(_mostly_current(rows), "condition", _condition)


def _condition(row: Json) -> str:
    name, course = term(row["condition"]), row.get("course", "")
    if "still active" in course:
        began = re.search(r"since ([^,]+)", course)
        return f"{name} has been active since {began.group(1)}." if began else f"{name} is active."
    spell = re.match(r"from (.+) to (.+), resolved", course)
    return f"{name} began on {spell.group(1)} and resolved on {spell.group(2)}." if spell else f"{name} has resolved."


def _medicines(evidence: list[Json]) -> Iterator[Made]:
    rows = [row for row in evidence if row["kind"] == "medicine"]
    return _of(_mostly_current(rows), "medicine", _medicine)


def _medicine(row: Json) -> str:
    how = "".join(f", {row[label]}" for label in ("dose", "how often") if row.get(label))
    taken = row.get("taken", "")
    spell = re.match(r"from (.+) to (.+), ", taken)
    since = re.match(r"since ([^,]+), still taken", taken)
    if since:
        return f"{row['medicine']}{how}{',' if how else ''} has been taken since {since.group(1)}."
    if spell:
        return f"{row['medicine']} was taken from {spell.group(1)} to {spell.group(2)} and is no longer taken."
    return f"{row['medicine']} is no longer taken."


def _results(evidence: list[Json]) -> Iterator[Made]:
    """Per test and unit: the latest value, unless it is usual and a change says it as well; and the change."""
    by_test: dict[tuple[str, str], list[Json]] = {}
    for row in evidence:
        if row["kind"] == "result" and "caution" not in row:
            by_test.setdefault((row["test"], row["value"].partition(" ")[2]), []).append(row)
    for found in by_test.values():
        rows = sorted(found, key=_day, reverse=True)
        latest = rows[0]
        trend = _trend(rows[1], latest) if len(rows) > 1 else None
        if trend is None or _is_unusual(latest):
            yield _result(latest), [latest["ref"]]
        if trend is not None:
            yield trend, [rows[1]["ref"], latest["ref"]]


def _day(row: Json) -> datetime:
    return datetime.strptime(row["measured"], "%d %B %Y")  # noqa: DTZ007 -- days are compared with days alone


def _is_unusual(row: Json) -> bool:
    return "reads" in row and not row["reads"].startswith("within")


def _result(row: Json) -> str:
    reads = f", {row['reads']}" if row.get("reads") else ""
    return f"{test_name(row)} was {term(row['value'])} on {row['measured']}{reads}."


def _trend(before: Json, latest: Json) -> str | None:
    old, new = number(before["value"]), number(latest["value"])
    if old is None or new is None or before["measured"] == latest["measured"]:
        return None
    if old == new:
        return f"{test_name(latest)} was {latest['value']} on both {before['measured']} and {latest['measured']}."
    way = "rose" if new > old else "fell"
    return (
        f"{test_name(latest)} {way} from {before['value']} on {before['measured']}"
        f" to {latest['value']} on {latest['measured']}."
    )


def _visit(row: Json) -> str:
    why = f"; {term(row['why'])}" if row.get("why") else ""
    when = row["when"]
    return f"Visit {'from' if ' to ' in when else 'on'} {when}: {term(row['visit'])}{why}."


def term(text: str) -> str:
    """A name without the label of its terminology."""
    return re.sub(rf"\s*{LABELS_OF_TERMS}", "", text).strip()


def test_name(row: Json) -> str:
    """A test's name without what stands in brackets; `Blood pressure, systolic` the other way round."""
    name = re.sub(r"\s*\[[^\]]*\]", "", row["test"]).strip()
    main, comma, which = name.partition(", ")
    return f"{which.capitalize()} {main[:1].lower()}{main[1:]}" if comma and "," not in which else name


def number(value: str) -> float | None:
    """The number that a value starts with, or None."""
    found = re.match(r"-?\d+(?:\.\d+)?(?=\s|$)", value)
    return float(found.group()) if found else None


SENTENCES: Mapping[str, Callable[[Json], str]] = {
    "patient": _person,
    "allergy": _allergy,
    "condition": _condition,
    "medicine": _medicine,
    "result": _result,
    "visit": _visit,
}
