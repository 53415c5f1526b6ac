"""Which tests come first, and which a process runs together."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

FUNCTIONAL = "tests/functional/"
# First, so that no process is left with one of them when the others have nothing to do; the rest is short.
LONGEST = (
    FUNCTIONAL,
    *(f"tests/integration/{name}/" for name in ("runbooks", "demo", "archive", "embedded", "interchange", "reports")),
)


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests run in one worker process; all browser tests share one demo."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return FUNCTIONAL if file.startswith(FUNCTIONAL) else file


def rank(item: pytest.Item) -> int:
    """The place of a test's folder among those that come first."""
    return next((place for place, name in enumerate(LONGEST) if item.nodeid.startswith(name)), len(LONGEST))
