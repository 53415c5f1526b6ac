"""How the loop ends without success. Clinicians see the messages, and logs keep them: they hold no content."""

from __future__ import annotations


class LoopFailure(Exception):
    """The report fails; the message is its cause."""


class TryLater(Exception):
    """Something that the loop needs is not available now; the message says what."""


class Halted(Exception):
    """An admin has halted the loop: the report waits where it is; the message says why."""


class LeaseLost(Exception):
    """Another worker has the report, or a person has ended it; the message says which."""


class OverBudget(LoopFailure):
    """The call would pass a budget, so it was not made."""


class Unusable(Exception):
    """A model's answer can't be used; the message says why, without its content."""
