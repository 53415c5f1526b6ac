"""A Singapore-flavoured population for people who have no data."""

from core.interchange.generate.population import generate

__all__ = ["generate"]
