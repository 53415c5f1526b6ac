"""An import from parsed records to committed rows: resolve, decide the shift, then patient by patient."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from core import audit
from core.engines import words_of
from core.interchange import catalogue, ledger, patient_rows
from core.interchange.catalogue import Catalogue
from core.interchange.resolve import PatientRows, outside_keys, resolve
from core.interchange.retract import retract
from core.interchange.shift import newest_day
from core.interchange.source_rows import Population
from core.interchange.summary import Counts, Progress, Summary, remark
from core.interchange.upsert import Work
from core.stores import databases
from core.stores.databases import Store

STATEMENT_TIMEOUT_SECONDS = 60
PATIENTS_A_LINE = 10
LOCK = "strata import"


@dataclass
class Pace:
    """Rows done, and how long the others may take."""

    rows: int
    done: int = 0
    started: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        seconds = (time.monotonic() - self.started) * (self.rows - self.done) / max(self.done, 1)
        return f"rows {self.done:,} of {self.rows:,}, about {seconds:,.0f} s left"


class Transactions:
    """A transaction of its own for each step; for a check, steps of a single one that is undone at the end."""

    def __init__(self, *, check: bool) -> None:
        self._check = check
        self._shared: Session | None = None

    @contextmanager
    def all(self) -> Iterator[None]:
        """The whole of an import."""
        if not self._check:
            yield
            return
        with suppress(_Undone), databases.write(STATEMENT_TIMEOUT_SECONDS) as session:
            self._shared = session
            yield
            raise _Undone

    @contextmanager
    def one(self) -> Iterator[Session]:
        """One step, all or nothing."""
        if self._shared is None:
            with databases.write(STATEMENT_TIMEOUT_SECONDS) as session:
                yield session
        else:
            with self._shared.begin_nested():
                yield self._shared


class _Undone(Exception):
    """Ends a check."""


class ImportRunning(RuntimeError):
    """Another import or generation is at work on the same primary."""


def run(
    populations: Iterable[Population],
    summary: Summary,
    *,
    shift_to: date | None,
    on_progress: Progress,
    check: bool = False,
) -> Summary:
    """Bring populations into the primary: each patient's rows in one transaction. Raises ImportRunning.

    With `check` all is tried in a transaction that is then undone. To move dates to `shift_to`, one population must
    hold all records, since the newest of them decides.
    """
    started = time.monotonic()
    with alone():
        transactions = Transactions(check=check)
        with transactions.all():
            for population in populations:
                _bring(population, summary, transactions, shift_to, on_progress)
            with transactions.one() as session:
                audit.record(session, "import.checked" if check else f"import.{population.source}", by=None)
    remark(summary)
    summary.seconds = time.monotonic() - started
    return summary


def _bring(
    population: Population,
    summary: Summary,
    transactions: Transactions,
    shift_to: date | None,
    on_progress: Progress,
) -> None:
    with transactions.one() as session:
        known = ledger.find(session, outside_keys(population))
    batches = resolve(population, summary, known)
    with transactions.one() as session:
        shared = catalogue.save(session, population, summary)
        kept = ledger.shifts(session, [batch.source_id for batch in batches])
    fresh = _decide_shift([b for b in batches if b.source_id not in kept], shift_to)
    _remark(summary, kept, fresh, shift_to, any(b.source_id not in kept for b in batches))
    pace = Pace(sum(len(batch.rows) for batch in batches))
    for done, batch in enumerate(batches, start=1):
        days = kept.get(batch.source_id, fresh)
        _save(population.source, batch, days, shared=shared, summary=summary, transactions=transactions)
        pace.done += len(batch.rows)
        if done % PATIENTS_A_LINE == 0 or done == len(batches):
            on_progress(f"patients {done:,} of {len(batches):,}, {pace}")
    with transactions.one() as session:
        retract(session, population, summary)


@contextmanager
def alone() -> Iterator[None]:
    """Hold the lock that keeps imports one at a time, so that two never make the same row."""
    servers = databases.current()
    with servers.engine(Store.HOT, read_only=False).connect() as connection, connection.begin():
        if not servers.adapter.locks.try_lock(connection, LOCK):
            raise ImportRunning("another import is running on this primary: wait for it to end")
        yield


def _decide_shift(batches: list[PatientRows], shift_to: date | None) -> int:
    if shift_to is None:
        return 0
    newest = newest_day(record for batch in batches for record in batch.rows)
    return (shift_to - newest).days if newest is not None else 0


def _remark(summary: Summary, kept: dict[str, int], fresh: int, shift_to: date | None, any_new: bool) -> None:
    before = sorted(set(kept.values()))
    summary.shift_days = fresh if any_new or len(before) != 1 else before[0]
    if kept and shift_to is not None and before != [fresh]:
        days = ", ".join(f"{days:+,}" for days in before)
        summary.remarks.append(f"{len(kept)} patients are known: their dates stay as first moved ({days} days)")


def _save(
    source: str, batch: PatientRows, days: int, *, shared: Catalogue, summary: Summary, transactions: Transactions
) -> None:
    mine = Summary()
    try:
        with transactions.one() as session:
            keys = [ledger.patient_key(batch.source_id), *(record.key for record in batch.rows)]
            keys += [record.other_key for record in batch.rows if record.other_key]
            patient_rows.save(Work(session, source, ledger.find(session, keys), mine), batch, days, shared)
    except patient_rows.PatientRefused as fault:
        _refuse_all(batch, str(fault), summary)
    except (DataError, IntegrityError) as fault:
        _refuse_all(batch, f"the database refused it: {words_of(fault)}", summary)
    else:
        _merge(summary, mine)


def _refuse_all(batch: PatientRows, reason: str, summary: Summary) -> None:
    for record in batch.all():
        of_patient = record is batch.patient or batch.patient is None
        text = reason if of_patient else f"its patient {batch.source_id} was refused: {reason}"
        summary.refuse(record.kind, record.place, text)


def _merge(summary: Summary, part: Summary) -> None:
    for kind, counts in part.counts.items():
        total = summary.of(kind)
        for name in Counts.__dataclass_fields__:
            setattr(total, name, getattr(total, name) + getattr(counts, name))
    summary.refusals.extend(part.refusals)
    summary.possible_same.extend(part.possible_same)
    summary.doubts.update(part.doubts)
    summary.ended += part.ended
