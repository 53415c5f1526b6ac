"""Which class a fault falls into, and what follows from it."""

from __future__ import annotations

import errno
from datetime import timedelta

import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, TimeoutError

from core.models import BatchState
from core.staging.contract import StagedMissing, StagingError
from core.stores.freshness import ReplicaBehind
from workers.archive.retry_policy import FAULTS, Busy, Mismatch, Overtaken, SchemaDrift, Superseded, classify


def from_database(fault: Exception) -> DBAPIError:
    return OperationalError("SELECT 1", {}, fault)


def full_staging() -> StagingError:
    fault = StagingError("can't write to staging")
    fault.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    return fault


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (from_database(errors.AdminShutdown()), "connection"),
        (from_database(errors.CrashShutdown()), "connection"),
        (from_database(errors.ConnectionFailure()), "connection"),
        (from_database(errors.TooManyConnections()), "connection"),
        (from_database(errors.OperationalError("server closed the connection unexpectedly")), "connection"),
        (TimeoutError("QueuePool limit reached"), "connection"),
        (ConnectionResetError(), "connection"),
        (from_database(errors.DiskFull()), "disk full"),
        (full_staging(), "disk full"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk full"),
        (StagingError("can't be read"), "staging"),
        (StagedMissing("is missing"), "staged file missing"),
        (from_database(errors.QueryCanceled()), "lock or time-out"),
        (from_database(errors.LockNotAvailable()), "lock or time-out"),
        (from_database(errors.DeadlockDetected()), "lock or time-out"),
        (from_database(errors.SerializationFailure()), "lock or time-out"),
        (Busy(), "lock or time-out"),
        (IntegrityError("INSERT", None, errors.UniqueViolation()), "conflict"),
        (ReplicaBehind(), "replica behind"),
        (Mismatch(), "mismatch"),
        (Superseded(), "superseded"),
        (SchemaDrift(), "schema drift"),
        (Overtaken(), "overtaken"),
        (from_database(errors.UndefinedColumn()), "bug"),
        (KeyError("x"), "bug"),
    ],
)
def test_classes(fault: BaseException, name: str) -> None:
    assert classify(fault).name == name


def test_a_difference_is_never_tried_again_by_itself() -> None:
    for fault in (Mismatch(), SchemaDrift(), KeyError("x")):
        assert classify(fault).attempts == 1


def test_a_redrive_after_a_difference_stages_anew() -> None:
    assert classify(Mismatch()).back_to == BatchState.PLANNED


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind.first])
def test_pauses_double_up_to_the_longest_with_jitter(kind: object) -> None:
    known = next(known for known in FAULTS if known is kind)
    for attempt in range(1, 40):
        base = min(known.first * 2 ** min(attempt - 1, 20), known.longest)
        pauses = {known.pause(attempt) for _ in range(20)}
        assert len(pauses) > 1
        assert all(base <= pause <= base * 1.5 for pause in pauses)
    assert known.longest <= timedelta(minutes=5)
