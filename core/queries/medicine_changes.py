"""What a medicine that is taken now was changed from, and the notes that speak of it: part of any report's evidence."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import RowMapping

NAME_LETTERS_MIN = 4
Found = tuple[str, RowMapping]


def ingredient(medication: str) -> str:
    """The first word of a medicine's name, which is the same whatever its strength; nothing where it is no word."""
    words = [word.strip(",.()[]").casefold() for word in medication.split()]
    return next((word for word in words if len(word) >= NAME_LETTERS_MIN and word.isalpha()), "")


def changed_from(stopped: Sequence[Found], taken: Sequence[RowMapping]) -> list[Found]:
    """Of each medicine that is taken now, the newest stopped prescription of the same name; the newest come first."""
    names = {ingredient(row["medication"]) for row in taken} - {""}
    newest_of: dict[str, Found] = {}
    for found in stopped:
        name = ingredient(found[1]["medication"])
        if name in names:
            newest_of.setdefault(name, found)
    return list(newest_of.values())


def notes_about(notes: Sequence[Found], changed: Sequence[Found]) -> list[Found]:
    """The notes that name a medicine that was changed, in their order."""
    names = {ingredient(row["medication"]) for _, row in changed}
    return [found for found in notes if any(name in str(found[1]["text"]).casefold() for name in names)]
