"""Days and times in the time zone where the staff work."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from core.models import utc_now
from core.stores import databases


def zone() -> ZoneInfo:
    """The time zone that pages show and forms are filled in by."""
    return ZoneInfo(databases.current().settings.time_zone)


def now() -> datetime:
    """The present instant, in that zone."""
    return utc_now().astimezone(zone())


def today() -> date:
    """The present day there."""
    return now().date()


def instant(typed: datetime | None) -> datetime | None:
    """A day and time as typed, with its time zone."""
    return typed.replace(tzinfo=zone()) if typed is not None else None


def midnight(day: date | None) -> datetime | None:
    """The instant at which a day begins there."""
    return datetime(day.year, day.month, day.day, tzinfo=zone()) if day is not None else None
