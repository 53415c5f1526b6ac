"""Where a fault happened, for a log: its kinds and frames, never its messages, which may quote a record."""

from __future__ import annotations

import traceback


def frames(fault: BaseException) -> str:
    """The fault and its causes, the first cause first, each with its frames and the database's code if it has one."""
    chain: list[BaseException] = []
    link: BaseException | None = fault
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\n".join(_one(link) for link in reversed(chain))


def _one(fault: BaseException) -> str:
    code = getattr(fault, "sqlstate", None)
    where = "".join(traceback.format_tb(fault.__traceback__))
    return f"{type(fault).__name__}{f' {code}' if code else ''}\n{where}".rstrip()
