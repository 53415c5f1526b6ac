"""FHIR R4: bundles in, one patient's record out, and access events as AuditEvent."""

from core.interchange.fhir.reader import import_path, read_path

__all__ = ["import_path", "read_path"]
