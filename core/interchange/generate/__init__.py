"""A Singapore-flavoured population for people who have no data."""

from core.interchange.generate.run import generate

__all__ = ["generate"]
