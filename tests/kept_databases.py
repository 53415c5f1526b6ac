"""Engines that outlive a test: new connections and statements compiled anew cost more than what most tests do."""

from __future__ import annotations

from core.settings.config import Settings
from core.stores import databases

OF_CONNECTIONS = (
    *("primary_url", "replica_url", "archive_logs_url", "archive_visits_url", "archive_reports_url", "link"),
    *("statement_timeout_seconds", "silence_seconds", "cold_timeout_seconds"),
    *("patience_min_times", "patience_max_times"),
)
_configure = databases.configure
_kept: databases.Databases | None = None


def configure(settings: Settings) -> databases.Databases:
    """In place of `databases.configure`: keeps engines whose connections would be as they were."""
    global _kept
    if _kept is not None and _kept is databases.current() and _alike(_kept.settings, settings):
        _kept.settings = settings
        return _kept
    _kept = _configure(settings)
    return _kept


def dispose() -> None:
    """Close every connection, for whoever ends the servers."""
    if _kept is not None:
        _kept.dispose()


def _alike(one: Settings, other: Settings) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in OF_CONNECTIONS)
