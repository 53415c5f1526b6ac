"""What a summary leaves out: abnormal latest results, active allergies, conditions and current medicines."""

from collections.abc import Iterable, Sequence
from datetime import date

from core.verification import ranges
from core.verification.facts import Facts, name_terms
from core.verification.lexicon import phrases_in
from core.verification.text import WORD, stem, tokens
from core.verification.types import Claim, Omission, Row


def find_omissions(claims: Sequence[Claim], rows: Sequence[Row], on: date) -> list[Omission]:
    """Rows that a reader would expect and that no claim cites or names. Results after `on` do not count as latest."""
    facts = [Facts(row) for row in rows]
    cited = {ref for claim in claims for ref in claim.citations}
    said = _said(claims)
    wanted = [*_allergies(facts), *_abnormal_latest(facts, on), *_current(facts)]
    return [Omission(fact.ref, reason) for fact, reason in wanted if fact.ref not in cited and not _named(fact, said)]


def _said(claims: Iterable[Claim]) -> set[str]:
    said: set[str] = set()
    for claim in claims:
        found = tokens(claim.text)
        said.update(stem(token.norm) for token in found if token.kind == WORD)
        said.update(meaning for _, _, meaning in phrases_in(found))
    return said


def _named(fact: Facts, said: set[str]) -> bool:
    """Results must be cited: naming the test is not stating its latest value."""
    if fact.type == "observation":
        return False
    terms = name_terms(fact.names)
    stems = {term for term in terms if ":" not in term and not term.isdigit()}
    return any(term in said for term in terms if term.startswith(("medicine:", "substance:"))) or (
        bool(stems) and stems <= said
    )


def _allergies(facts: list[Facts]) -> list[tuple[Facts, str]]:
    return [
        (fact, f"An allergy to {fact.name} that no claim mentions.")
        for fact in facts
        if fact.type == "allergy" and fact.standing == "active" and not fact.flags_of("allergies:no known allergies")
    ]


def _abnormal_latest(facts: list[Facts], on: date) -> list[tuple[Facts, str]]:
    latest: dict[str, Facts] = {}
    for fact in facts:
        day = fact.first_day()
        if fact.type != "observation" or day is None or day > on:
            continue
        key = fact.assay or fact.name
        held = latest.get(key)
        if held is None or _moment(fact) >= _moment(held):
            latest[key] = fact
    found = []
    for fact in latest.values():
        mark = ranges.standing(fact)
        if mark in ("high", "low", "abnormal"):
            how = "critical" if ranges.critical(fact) else mark
            found.append((fact, f"The latest {fact.name}, {fact.shown()}, is {how} and no claim cites it."))
    return found


def _moment(fact: Facts) -> tuple[date, str]:
    return fact.first_day() or date.min, str(fact.fields.get("observed_at") or "")


def _current(facts: list[Facts]) -> list[tuple[Facts, str]]:
    kinds = {"condition": "An active condition", "prescription": "A current medicine"}
    return [
        (fact, f"{kinds[fact.type]}, {fact.name}, that no claim mentions.")
        for fact in facts
        if fact.type in kinds and fact.standing == "active"
    ]
