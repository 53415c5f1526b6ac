"""`strata archive`."""

from commands.archive import erase, hold, restore, runs
from commands.archive.group import group

__all__ = ["erase", "group", "hold", "restore", "runs"]
