import time
from collections.abc import Callable


def until(condition: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        meanwhile()
        time.sleep(0.02)
