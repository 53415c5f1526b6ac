"""Asks a server about its state, so that nobody waits for a server that does not answer."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.engines.patience import patience

AnswerT = TypeVar("AnswerT")

PROBE_SECONDS = 0.25
ANSWER_SECONDS = 0.4


@dataclass(frozen=True)
class Answer(Generic[AnswerT]):
    """What a server said, and when it was asked: `asked_at` is on the monotonic clock."""

    value: AnswerT
    asked_at: float


class Asking(Generic[AnswerT]):
    """One question to a server, in a thread of its own: a thread that waits for a silent server can't be ended."""

    def __init__(self, ask: Callable[[], AnswerT | None]) -> None:
        self.asked_at = time.monotonic()
        self.answer: Answer[AnswerT] | None = None
        self._ask = ask
        self._done = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            value = self._ask()
            if value is not None:
                self.answer = Answer(value, self.asked_at)
        finally:
            self._done.set()

    def is_done(self) -> bool:
        return self._done.is_set()

    def wait(self, seconds: float | None = None) -> None:
        """Until it is done, or `seconds` have gone since it was asked."""
        if seconds is None:
            seconds = ANSWER_SECONDS * patience.times()
        self._done.wait(max(0.0, self.asked_at + seconds - time.monotonic()))


class Probe(Generic[AnswerT]):
    """A server's answer, at most PROBE_SECONDS old; `ask` gives None if the server can't be reached.

    A question without an answer after ANSWER_SECONDS counts as no answer. Later callers get that at once.
    """

    def __init__(self, ask: Callable[[], AnswerT | None]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._asking: Asking[AnswerT] | None = None
        self._pid = os.getpid()

    def latest(self) -> Answer[AnswerT] | None:
        """The newest answer, or None if there is none in time."""
        with self._lock:
            asking = self._current()
        asking.wait()
        return asking.answer if asking.is_done() else None

    def refresh(self) -> None:
        """Ask again at the next call, unless a question still waits for its answer."""
        with self._lock:
            if self._asking is not None and self._asking.is_done():
                self._asking = None

    def forget(self) -> None:
        """Ask again at the next call."""
        with self._lock:
            self._asking = None

    def _current(self) -> Asking[AnswerT]:
        if self._pid != os.getpid():
            self._pid, self._asking = os.getpid(), None
        asking = self._asking
        is_old = asking is None or (asking.is_done() and time.monotonic() - asking.asked_at >= PROBE_SECONDS)
        if asking is None or is_old:
            asking = self._asking = Asking(self._ask)
        return asking
