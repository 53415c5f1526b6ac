"""What the agents must answer: strict JSON schemas made for one call, and their reading. Anything else is Unusable."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workers.reports.faults import Unusable

CLAIMS_MAX = 40
CITATIONS_MAX = 12
ANSWER_CHARACTERS_MAX = 200_000

Schema = dict[str, Any]


class Strict(BaseModel):
    """An answer with just these fields, of just these types."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class DraftClaim(Strict):
    """One sentence with the codes of the rows it rests on."""

    section: str = Field(min_length=1, max_length=120)
    text: str = Field(min_length=1, max_length=1_000)
    citations: list[str] = Field(min_length=1, max_length=CITATIONS_MAX)


class Draft(Strict):
    """The drafter's answer."""

    claims: list[DraftClaim] = Field(min_length=1, max_length=CLAIMS_MAX)


class Revision(Strict):
    """What to do with one flagged claim; text and citations are for a replacement, the quote for one that is kept."""

    claim: str
    action: Literal["replace", "drop", "keep"]
    text: str = Field(max_length=1_000)
    citations: list[str] = Field(max_length=CITATIONS_MAX)
    quote: str = Field(default="", max_length=2_000)


class Revisions(Strict):
    """The drafter's answer to flagged claims."""

    revisions: list[Revision] = Field(max_length=CLAIMS_MAX)


class Judgement(Strict):
    """The fact-checker's verdict on one claim, the words of the rows it relied on, and why."""

    claim: str
    verdict: Literal["supported", "contradicted", "not_addressed", "inference", "cannot_verify"]
    quote: str = Field(max_length=2_000)
    reason: str = Field(max_length=1_000)


class Judgements(Strict):
    """The fact-checker's answer."""

    judgements: list[Judgement] = Field(max_length=CLAIMS_MAX)


def object_of(**properties: Schema) -> Schema:
    """The schema of an object with just these properties, all of them required."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def array(items: Schema) -> Schema:
    """The schema of a list."""
    return {"type": "array", "items": items}


def enum(values: Sequence[str]) -> Schema:
    """The schema of one of these words."""
    return {"type": "string", "enum": list(values)}


TEXT: Schema = {"type": "string"}


def draft_schema(codes: Sequence[str]) -> Schema:
    """The schema of a draft that may cite these codes and no others."""
    return object_of(claims=array(object_of(section=TEXT, text=TEXT, citations=array(enum(codes)))))


def revision_schema(labels: Sequence[str], codes: Sequence[str]) -> Schema:
    """The schema of revisions of these claims, citing these codes."""
    actions = enum(("replace", "drop", "keep"))
    revision = object_of(claim=enum(labels), action=actions, text=TEXT, citations=array(enum(codes)), quote=TEXT)
    return object_of(revisions=array(revision))


def judgement_schema(labels: Sequence[str]) -> Schema:
    """The schema of verdicts on these claims."""
    verdicts = enum(("supported", "contradicted", "not_addressed", "inference", "cannot_verify"))
    return object_of(judgements=array(object_of(claim=enum(labels), verdict=verdicts, quote=TEXT, reason=TEXT)))


def read_draft(text: str, codes: Sequence[str]) -> list[DraftClaim]:
    """The claims of a drafter's answer, citing only `codes`. Raises Unusable."""
    draft = read_as(Draft, text)
    for number, claim in enumerate(draft.claims, start=1):
        _check_codes(f"claim {number}", claim.citations, codes)
        claim.text = without_codes(claim.text, codes)
        if not claim.text:
            raise Unusable(f"claim {number} says nothing")
    return draft.claims


def read_revisions(text: str, labels: Sequence[str], codes: Sequence[str]) -> list[Revision]:
    """The revisions of claims named by `labels`, each at most once. Raises Unusable."""
    revisions = read_as(Revisions, text).revisions
    check_labels([revision.claim for revision in revisions], labels)
    for revision in revisions:
        _check_codes(f"revision {revision.claim}", revision.citations, codes)
        revision.text = without_codes(revision.text, codes)
        if revision.action == "replace" and not (revision.text and revision.citations):
            raise Unusable(f"revision {revision.claim} replaces a claim without text or citations")
        if revision.action == "keep" and not revision.quote:
            raise Unusable(f"revision {revision.claim} keeps a claim without the words that bear it out")
    return revisions


def read_judgements(text: str, labels: Sequence[str]) -> dict[str, Judgement]:
    """One verdict for every claim named by `labels`. Raises Unusable."""
    judgements = read_as(Judgements, text).judgements
    check_labels([judgement.claim for judgement in judgements], labels)
    missing = len(labels) - len(judgements)
    if missing:
        raise Unusable(f"{missing} claim(s) were not judged")
    return {judgement.claim: judgement for judgement in judgements}


def without_codes(text: str, codes: Sequence[str]) -> str:
    """A claim's words without references in brackets, which belong in its citations."""
    known = "|".join(map(re.escape, codes))
    bare = re.sub(rf"\s*[\[(](?:{known})(?:\s*[,;]\s*(?:{known}))*[\])]", "", text)
    return " ".join(bare.split())


Answered = TypeVar("Answered", bound=BaseModel)


def read_as(model: type[Answered], text: str) -> Answered:
    """An answer of this shape. Raises Unusable."""
    if len(text) > ANSWER_CHARACTERS_MAX:
        raise Unusable(f"the answer has {len(text):,} characters, more than {ANSWER_CHARACTERS_MAX:,}")
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise Unusable("the answer is not JSON") from None
    try:
        return model.model_validate_json(text)
    except ValidationError as fault:
        raise Unusable(f"the answer does not fit the schema: {_where(fault)}") from None


def _where(fault: ValidationError) -> str:
    """The first fault's place and kind, without the value that is at fault."""
    known = {name for model in Strict.__subclasses__() for name in model.model_fields}
    first = fault.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or part in known)
    return f"{first['type']} at {place or 'the top'}"


def _check_codes(what: str, cited: Sequence[str], codes: Sequence[str]) -> None:
    if not set(cited) <= set(codes):
        raise Unusable(f"{what} cites a row that was not supplied")


def check_labels(named: Sequence[str], labels: Sequence[str]) -> None:
    """Raises Unusable where an answer names what was not asked about, or something twice."""
    if not set(named) <= set(labels):
        raise Unusable("the answer names a claim that was not asked about")
    if len(set(named)) < len(named):
        raise Unusable("the answer names a claim twice")
