"""The models that work on a report, from the setup in use."""

from __future__ import annotations

from core.services import agent_setups
from core.services.agent_setups import Setup
from core.stores import databases
from workers.reports import prompts
from workers.reports.faults import TryLater


def configured() -> Setup:
    """The models that the settings name, with the prompts of this code."""
    settings = databases.current().settings
    return Setup(settings.drafter_model, settings.checker_model, prompts.version())


def of_report(report_id: int) -> Setup:
    """The setup for a report. Raises TryLater, with the mend, while there is none in use."""
    setup = configured()
    if setup.is_offline:
        return setup
    try:
        with databases.write() as session:
            return agent_setups.chosen(session, setup, report_id)
    except agent_setups.NotInUse as fault:
        raise TryLater(str(fault)) from None
