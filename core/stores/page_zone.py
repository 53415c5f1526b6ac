"""The time zone in which pages, and reports like them, name the day of an instant."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from core.stores import databases


def page_zone() -> ZoneInfo:
    """The zone of STRATA_TIME_ZONE."""
    return ZoneInfo(databases.current().settings.time_zone)
