"""Synthea's CSV export, and the visit notes that lie beside it."""

from core.interchange.synthea.directory import import_directory, read_directory

__all__ = ["import_directory", "read_directory"]
