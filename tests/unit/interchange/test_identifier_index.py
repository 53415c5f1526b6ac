"""Who has which identifier."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.interchange.fhir.identifier_index import IdentifierIndex

WORDS = st.sampled_from(["", "a", "b", "a|b", "|", "1|a"])
ENTRIES = st.lists(st.tuples(WORDS, WORDS, WORDS, st.sampled_from(["x", "y", "z"])))


@given(ENTRIES, ENTRIES)
def test_it_gives_those_who_have_just_this_identifier(
    mine: list[tuple[str, str, str, str]], theirs: list[tuple[str, str, str, str]]
) -> None:
    index, other = IdentifierIndex(), IdentifierIndex()
    for entry in mine:
        index.add(*entry)
    for entry in theirs:
        other.add(*entry)
    index.absorb(other)
    for kind, system, value, _ in (*mine, *theirs):
        wanted = {entry[3] for entry in (*mine, *theirs) if entry[:3] == (kind, system, value)}
        found = index.of(kind, system, value)
        assert (set(found), len(found)) == (wanted, len(wanted))
    assert index.of("nobody", "has", "this") == ()
