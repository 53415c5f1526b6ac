"""`strata archive`."""

from commands.archive import compact, erase, estimate, hold, restore, runs
from commands.archive.group import group

__all__ = ["compact", "erase", "estimate", "group", "hold", "restore", "runs"]
