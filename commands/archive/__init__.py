"""`strata archive`."""

from commands.archive import erase, restore, runs
from commands.archive.group import group

__all__ = ["erase", "group", "restore", "runs"]
