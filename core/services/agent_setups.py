"""Setups: which models, with which prompts, make reports. A setup goes into use only when its evaluations have passed.

There is one setup in use for a set of prompts, and one canary beside it. Prompts are part of the code, so a setup of
other prompts than the running ones can't be chosen.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.models import AgentSetup, EvalRun, SetupState, utc_now
from core.services.evaluations import latest

OFFLINE_PREFIX = "strata-offline"
# Suites that a setup must have passed: those that ask its drafter and checker, and the one that tests our code.
OF_MODEL, OF_CODE = ("drafting", "injection", "cost"), ("factcheck",)
FIRST = "the first: as configured"
COMMAND = "the command"


class Setup(NamedTuple):
    """Two models and the version of the prompts they are given."""

    drafter_model: str
    checker_model: str
    prompt_version: str

    def __str__(self) -> str:
        models = dict.fromkeys((self.drafter_model, self.checker_model))
        return f"{' and '.join(models)} with prompts {self.prompt_version}"

    @property
    def is_offline(self) -> bool:
        """Whether the models are fixed rules, which follow no prompt and need no evaluation."""
        return all(model.startswith(OFFLINE_PREFIX) for model in (self.drafter_model, self.checker_model))


class NotInUse(Exception):
    """The configured setup may not make reports yet, and no other can; the message names the mend."""


class BadSetup(ValueError):
    """A setup can't be moved like that; the message says why."""


def chosen(session: Session, configured: Setup, report_id: int) -> Setup:
    """The setup for a report, the same each time for one report. Raises NotInUse.

    If no setup was ever registered, the configured one is put into use: there is nothing to compare it with.
    """
    if configured.is_offline:
        return configured
    mine = find(session, configured)
    if mine is None and session.scalar(select(AgentSetup.id).limit(1)) is None:
        mine = _register(session, configured)
    if mine is not None and mine.state == SetupState.IN_USE:
        return configured
    if mine is not None and mine.state == SetupState.CANARY and _lot(report_id) < mine.share:
        return configured
    query = select(AgentSetup).where(
        AgentSetup.state == SetupState.IN_USE, AgentSetup.prompt_version == configured.prompt_version
    )
    in_use = session.scalar(query)
    if in_use is None:
        raise NotInUse(f"{configured} is not in use: `strata model use`, once its evaluations have passed")
    return of(in_use)


def _register(session: Session, setup: Setup) -> AgentSetup:
    made = AgentSetup(**setup._asdict(), state=SetupState.IN_USE, reason=FIRST, changed_by=COMMAND)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        # Another worker was first.
        made = session.scalars(select(AgentSetup).filter_by(**setup._asdict())).one()
    return made


def _lot(report_id: int) -> int:
    """A number from 0 to 99 that a report keeps."""
    return zlib.crc32(str(report_id).encode()) % 100


def find(session: Session, setup: Setup) -> AgentSetup | None:
    """The setup as registered."""
    return session.scalar(select(AgentSetup).filter_by(**setup._asdict()))


def of(registered: AgentSetup) -> Setup:
    """A registered setup's models and prompts."""
    return Setup(registered.drafter_model, registered.checker_model, registered.prompt_version)


def listed(session: Session) -> Sequence[AgentSetup]:
    """All of them, the last changed first."""
    return session.scalars(select(AgentSetup).order_by(AgentSetup.changed_at.desc(), AgentSetup.id.desc())).all()


def propose(session: Session, setup: Setup, *, reason: str, by: str = COMMAND) -> AgentSetup:
    """Register a setup as a candidate. Raises BadSetup when it is registered already."""
    made = AgentSetup(**setup._asdict(), state=SetupState.CANDIDATE, reason=_reason(reason), changed_by=by)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise BadSetup(f"{setup} is registered already.") from None
    return made


def move(
    session: Session, setup: Setup, to: SetupState, *, reason: str, share: int = 0, by: str = COMMAND
) -> AgentSetup:
    """Make a setup the canary for `share` percent of the reports, put it into use, or retire it.

    The setup that was in that place for the same prompts is retired. Raises BadSetup, naming the evaluations that are
    missing or have not passed.
    """
    registered = find(session, setup)
    if registered is None:
        raise BadSetup(f"{setup} is not registered: propose it first.")
    if to in (SetupState.CANARY, SetupState.IN_USE):
        if wanting := not_passed(session, setup):
            raise BadSetup(f"{setup} has not passed: {', '.join(wanting)}. Run `strata eval run SUITE --keep`.")
        if to == SetupState.CANARY and not 1 <= share <= 99:
            raise BadSetup("A canary's share is from 1 to 99 percent.")
        make_room_for(session, registered, to, by)
    registered.state, registered.share = to, share if to == SetupState.CANARY else 0
    registered.reason, registered.changed_by, registered.changed_at = _reason(reason), by, utc_now()
    try:
        session.flush()
    except IntegrityError:
        raise BadSetup("Another setup was moved there at the same time: look at the list, then try again.") from None
    return registered


def make_room_for(session: Session, registered: AgentSetup, place: SetupState, by: str) -> None:
    same = (AgentSetup.state == place, AgentSetup.prompt_version == registered.prompt_version)
    for other in session.scalars(select(AgentSetup).where(*same, AgentSetup.id != registered.id)):
        other.state, other.share, other.changed_by, other.changed_at = SetupState.RETIRED, 0, by, utc_now()
        other.reason = f"replaced by {of(registered)}"
    session.flush()


def not_passed(session: Session, setup: Setup) -> list[str]:
    """The suites whose last kept run of this drafter and these prompts has not passed, or is not there."""
    found: list[str] = [suite for suite in OF_CODE if not _passed(latest(session, suite=suite, model=None))]
    for suite in OF_MODEL:
        run = latest(session, suite=suite, model=setup.drafter_model)
        if not _passed(run) or run is None or run.prompt_version != setup.prompt_version:
            found.append(suite)
    return found


def _passed(run: EvalRun | None) -> bool:
    return run is not None and run.passed


def _reason(words: str) -> str:
    if not words.strip():
        raise BadSetup("Say why: the reason is kept with it.")
    return words.strip()[:400]
