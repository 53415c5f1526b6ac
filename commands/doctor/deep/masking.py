"""Takes out of a text whatever says whose installation it is."""

from __future__ import annotations

import re

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from core.engines import words_of
from core.settings.config import Settings

ADDRESSES = ("primary_url", "replica_url", "archive_logs_url", "archive_visits_url", "archive_reports_url")
HIDDEN = "(hidden)"
# What databases and their owners are called where nobody chose a name.
TELLS_NOTHING = frozenset({"strata", "postgres", "sa"})


class Mask:
    """Hosts keep a number each, so that it shows which servers share a machine."""

    def __init__(self, settings: Settings) -> None:
        urls = [make_url(getattr(settings, name)) for name in ADDRESSES]
        hosts = dict.fromkeys(str(url.host) for url in urls)
        self._hosts = {host: f"host {number}" for number, host in enumerate(hosts, 1)}
        hidden = {value for url in urls for value in (url.username, url.password, url.database) if value}
        words = {**dict.fromkeys(hidden - TELLS_NOTHING, HIDDEN), **self._hosts}
        self._words = [(re.compile(rf"(?<!\w){re.escape(word)}(?!\w)"), words[word]) for word in sorted(words, key=len)]

    def host(self, host: str | None) -> str:
        return self._hosts.get(str(host), "another host")

    def __call__(self, text: str) -> str:
        for word, instead in reversed(self._words):
            text = word.sub(instead, text)
        return text

    def fault(self, fault: BaseException) -> str:
        """A fault in our own words: a server's sentence may quote names and values."""
        if isinstance(fault, DBAPIError):
            return words_of(fault)
        return self(f"{type(fault).__name__}: {next(iter(str(fault).splitlines()), '')}")
