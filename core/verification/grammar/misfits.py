"""Words that do not fit the course they stand with: an end taken back, both of one, tablets of a spray."""

from __future__ import annotations

from core.verification.grammar.chunk import Chunk
from core.verification.grammar.course_drafts import ENDED, Draft
from core.verification.grammar.names import BY_NAME
from core.verification.vocabulary.spelling import word_set

BEGUN = word_set("started begun began commenced initiated introduced")
NO_TABLETS = frozenset(
    f"route:{form}"
    for form in (
        "inhaler", "patch", "solution", "suspension", "injection", "cream", "ointment", "mucosal spray", "nasal",
        "prefilled syringe", "auto injector", "implant", "eye drops", "nebulised", "transdermal",
    )
)  # fmt: skip


def is_newly_alone(draft: Draft, items: list[Chunk], place: int) -> bool:
    """ "Newly active": a row tells when something began, and not that it was otherwise before."""
    behind = items[place + 1] if place + 1 < len(items) else None
    begins = behind is not None and not {"start", "have", "read of"}.isdisjoint(behind.means)
    last = draft.words[items[place].end - 1].norm
    return last == "newly" and not begins and place >= draft.frame.lead


def is_undone(draft: Draft, items: list[Chunk], place: int) -> bool:
    """ "No longer inactive", "none still resolved": an end that a word before it takes back."""
    before = items[place - 1] if place else None
    if before is None or "status" not in before.means or items[place].get("status") not in ENDED:
        return False
    return draft.words[before.end - 1].norm in ("longer", "still")


def are_two(draft: Draft) -> bool:
    """Whether the sentence names two rows: both wrists are in one."""
    return len({n for chunk in draft.chunks for n, how in chunk.bearers if how == BY_NAME}) > 1


def is_of_reason(draft: Draft, place: int, item: Chunk) -> bool:
    behind = draft.kind == "prescription" and place >= draft.frame.lead
    return behind and bool(item.bearers) and all(how != BY_NAME for _, how in item.bearers)


def is_of_other_form(draft: Draft) -> bool:
    """ "Tablets" of what the row calls a spray."""
    rows = [draft.rows[n] for name in draft.frame.names for n, _ in name.bearers]
    forms = {term for row in rows for term in row.name.terms if term.startswith("route:")}
    return not forms.isdisjoint(NO_TABLETS)
