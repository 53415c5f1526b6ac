"""Rebuilding the pictures of patients that a writer could not bring up to date."""

from __future__ import annotations

from core.picture.rebuild import rebuild, stale


def rebuild_stale() -> str:
    """Rebuild a chunk of them; what the archive server raises is tried again with the next start of this job."""
    waiting = stale()
    if not waiting:
        return "no picture is stale"
    return f"{rebuild(waiting)} of {len(waiting)} stale pictures are rebuilt"
