"""Takes out of a text whatever says whose installation it is."""

from __future__ import annotations

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from core.engines import words_of
from core.settings.config import Settings

ADDRESSES = ("primary_url", "replica_url", "archive_logs_url", "archive_visits_url", "archive_reports_url")


class Mask:
    """Hosts keep a number each, so that it shows which servers share a machine."""

    def __init__(self, settings: Settings) -> None:
        urls = [make_url(getattr(settings, name)) for name in ADDRESSES]
        self._hosts = {
            host: f"host {number}" for number, host in enumerate(dict.fromkeys(str(url.host) for url in urls), 1)
        }
        hidden = {value for url in urls for value in (url.username, url.password, url.database) if value}
        self._words = {**dict.fromkeys(hidden, "(hidden)"), **self._hosts}

    def host(self, host: str | None) -> str:
        return self._hosts.get(str(host), "another host")

    def __call__(self, text: str) -> str:
        for word in sorted(self._words, key=len, reverse=True):
            text = text.replace(word, self._words[word])
        return text

    def fault(self, fault: BaseException) -> str:
        """A fault in our own words: a server's sentence may quote names and values."""
        if isinstance(fault, DBAPIError):
            return words_of(fault)
        return self(f"{type(fault).__name__}: {next(iter(str(fault).splitlines()), '')}")
