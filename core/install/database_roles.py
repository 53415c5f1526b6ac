"""The database's roles, one for each kind of process. None has a login of its own."""

from __future__ import annotations

from enum import StrEnum


class DatabaseRole(StrEnum):
    """A role; `kind` is what its processes are called elsewhere."""

    PUBLIC = "strata_public"
    STAFF = "strata_staff"
    WORKER = "strata_worker"
    ARCHIVER = "strata_archiver"

    @property
    def kind(self) -> str:
        return self.removeprefix("strata_")
