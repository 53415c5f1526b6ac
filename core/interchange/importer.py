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
from core.interchange import catalogue, garbage, ledger, patient_rows
from core.interchange.catalogue import Catalogue
from core.interchange.resolve import PatientRows, outside_keys, resolve
from core.interchange.retract import retract
from core.interchange.shift import newest_day
from core.interchange.source_rows import Population
from core.interchange.summary import Progress, Summary, remark
from core.interchange.upsert import Work
from core.staging import attachments
from core.stores import databases
from core.stores.databases import Store

STATEMENT_TIMEOUT_SECONDS = 60
ROWS_A_TRANSACTION = 5_000
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
        self.is_check = check
        self._shared: Session | None = None

    @contextmanager
    def all(self) -> Iterator[None]:
        """The whole of an import."""
        if not self.is_check:
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
    """Bring populations into the primary: a patient's rows are all in one transaction. Raises ImportRunning.

    With `check` all is tried in a transaction that is then undone. To move dates to `shift_to`, one population must
    hold all records, since the newest of them decides.
    """
    started = time.monotonic()
    with alone(), garbage.searched_rarely():
        transactions = Transactions(check=check)
        importing = _Importing(summary, transactions, shift_to, on_progress)
        with transactions.all():
            for population in populations:
                importing.bring(population)
            with transactions.one() as session:
                audit.record(session, "import.checked" if check else f"import.{population.source}", by=None)
    remark(summary)
    summary.seconds = time.monotonic() - started
    return summary


@dataclass
class _Importing:
    """One import at work; what many patients share is kept from one population to the next."""

    summary: Summary
    transactions: Transactions
    shift_to: date | None
    on_progress: Progress
    shared: Catalogue = field(default_factory=Catalogue)

    def bring(self, population: Population) -> None:
        """Keep a population."""
        with self.transactions.one() as session:
            known = ledger.find(session, outside_keys(population))
        batches = resolve(population, self.summary, known)
        with self.transactions.one() as session:
            catalogue.save(session, population, self.summary, self.shared)
            kept = ledger.shifts(session, [batch.source_id for batch in batches])
        fresh = _decide_shift([b for b in batches if b.source_id not in kept], self.shift_to)
        _remark(self.summary, kept, fresh, self.shift_to, any(b.source_id not in kept for b in batches))
        pace = Pace(sum(len(batch.rows) for batch in batches))
        done = 0
        for group in _groups(batches):
            days = {batch.source_id: kept.get(batch.source_id, fresh) for batch in group}
            self._save(population.source, group, days)
            done += len(group)
            pace.done += sum(len(batch.rows) for batch in group)
            self.on_progress(f"patients {done:,} of {len(batches):,}, {pace}")
        with self.transactions.one() as session:
            retract(session, population, self.summary)

    def _save(self, source: str, group: list[PatientRows], days: dict[str, int]) -> None:
        """A transaction for many patients; if the database refuses it, one for each."""
        mine = Summary()
        try:
            with self.transactions.one() as session:
                work = Work(session, source, ledger.find(session, _keys(group)), mine)
                refused = patient_rows.save(work, group, days, self.shared)
                if not self.transactions.is_check:
                    # Before the rows that name them are there for anybody.
                    for patient_id, paths in work.attached.items():
                        attachments.keep(patient_id, paths)
        except (DataError, IntegrityError) as fault:
            if len(group) > 1:
                for batch in group:
                    self._save(source, [batch], days)
            else:
                _refuse_all(group[0], f"the database refused it: {words_of(fault)}", self.summary)
            return
        for batch, reason in refused:
            _refuse_all(batch, reason, self.summary)
        self.summary.add(mine)


def _groups(batches: list[PatientRows]) -> Iterator[list[PatientRows]]:
    """Batches whose rows fill one transaction."""
    group: list[PatientRows] = []
    rows = 0
    for batch in batches:
        group.append(batch)
        rows += 1 + len(batch.rows)
        if rows >= ROWS_A_TRANSACTION:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _keys(group: list[PatientRows]) -> list[str]:
    keys = [ledger.patient_key(batch.source_id) for batch in group]
    for batch in group:
        keys += [record.key for record in batch.rows]
        keys += [record.other_key for record in batch.rows if record.other_key]
    return keys


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


def _refuse_all(batch: PatientRows, reason: str, summary: Summary) -> None:
    for record in batch.all():
        of_patient = record is batch.patient or batch.patient is None
        text = reason if of_patient else f"its patient {batch.source_id} was refused: {reason}"
        summary.refuse(record.kind, record.place, text)
