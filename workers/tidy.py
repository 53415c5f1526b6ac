"""Small chores that nobody waits for."""

from __future__ import annotations

from core.access import sign_ins
from core.audit import spool
from core.stores import databases


def tidy() -> str:
    """Join spooled access events; forget sign-ins that have ended."""
    spool.join_waiting()
    with databases.write() as session:
        sign_ins.sweep(session, databases.current().settings)
    return "tidied"
