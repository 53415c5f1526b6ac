"""Whether a person has pressed Ctrl-C: a driver that waits for its server may tell that as a fault of its own."""

from __future__ import annotations

import signal
from types import FrameType

STATUS = 130

asked = False


def listen() -> None:
    """Note the next Ctrl-C, besides raising KeyboardInterrupt. Leaves a process alone that was started to ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _note)


def was_asked() -> bool:
    """Whether this process is to stop."""
    return asked


def check() -> None:
    """Raises KeyboardInterrupt if this process is to stop: whoever met the signal may have taken it for a fault."""
    if asked:
        raise KeyboardInterrupt


def _note(_number: int, _frame: FrameType | None) -> None:
    global asked
    asked = True
    raise KeyboardInterrupt
