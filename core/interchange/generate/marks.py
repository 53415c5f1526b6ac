"""How far a population has come, on the primary: each part's mark is written with the part."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.models import Generation, GenerationPart


class Phase(StrEnum):
    """What is loaded, in this order."""

    PEOPLE = "people"
    VISITS = "visits"
    PICTURES = "pictures"


@dataclass(slots=True)
class Marks:
    """A population that is being made: what was asked for, its own token, and its parts that are done."""

    id: int
    as_of: date
    token: str
    resumed: bool
    done: dict[Phase, dict[int, int]] = field(default_factory=dict)


def begin(session: Session, asked: str, as_of: date | None, today: date) -> Marks:
    """Go on with a population that was asked for in these words and has not ended, else begin one.

    One that was begun without a day of its own goes on with the day on which it began.
    """
    query = select(Generation).where(Generation.asked == asked).order_by(Generation.id)
    found = session.scalar(query.where(Generation.as_of == as_of) if as_of is not None else query)
    if found is None:
        made = Generation(asked=asked, as_of=as_of or today, token=secrets.token_hex(8))
        session.add(made)
        session.flush()
        return Marks(made.id, made.as_of, made.token, resumed=False, done={phase: {} for phase in Phase})
    parts = select(GenerationPart.phase, GenerationPart.number, GenerationPart.first_id)
    done: dict[Phase, dict[int, int]] = {phase: {} for phase in Phase}
    for phase, number, first_id in session.execute(parts.where(GenerationPart.generation_id == found.id)):
        done[Phase(phase)][number] = first_id
    return Marks(found.id, found.as_of, found.token, resumed=True, done=done)


def note(session: Session, generation_id: int, phase: Phase, number: int, first_id: int = 0) -> None:
    """Note in the caller's transaction that a part is loaded."""
    session.add(GenerationPart(generation_id=generation_id, phase=phase, number=number, first_id=first_id))


def end(session: Session, generation_id: int) -> None:
    """Forget a population that is whole: the same words then ask for another one."""
    session.execute(delete(GenerationPart).where(GenerationPart.generation_id == generation_id))
    session.execute(delete(Generation).where(Generation.id == generation_id))
