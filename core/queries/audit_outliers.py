"""Looks that an auditor should know of: broken glasses, unusually many records, records of namesakes.

They are counted by a job, for that reads the events of a week; a page reads the lines that it keeps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.models import AccessEvent, Account, GlassBreak, OutlierLine, Patient, Role, utc_now
from core.queries import strangers

GLASS_DAYS, LOOK_DAYS = 30, 7
LINES = 50
# Unusual: more than this many times the usual number of colleagues, and not fewer than this many records.
TIMES_USUAL, RECORDS_MIN = 3, 20
# Titles, and words such as "binte" that join a name to a father's, are not family names.
NO_NAMES = frozenset({"dr", "mr", "mrs", "ms", "mdm", "prof", "bin", "binte", "bte", "so", "do", "al", "de", "van"})
WORD = re.compile(r"[^\W\d_]{2,}")
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class BrokenGlass:
    """Somebody outside the team opened a record."""

    at: datetime
    name: str
    patient_id: int
    reason: str


@dataclass(frozen=True)
class Volume:
    """How many patients' records an account opened; `usual` is the median of all clinicians who opened any."""

    account_id: int
    name: str
    records: int
    usual: float

    @property
    def is_unusual(self) -> bool:
        return self.records >= RECORDS_MIN and self.records > TIMES_USUAL * self.usual


@dataclass(frozen=True)
class Namesake:
    """An account opened the record of a patient with whom it shares a name; `looks` times."""

    name: str
    patient_id: int
    shared: str
    looks: int
    last_at: datetime


@dataclass(frozen=True)
class Looks:
    """What stands out among looks of the last LOOK_DAYS; at most LINES of each kind, most unusual first."""

    volumes: tuple[Volume, ...]
    namesakes: tuple[Namesake, ...]
    strangers: tuple[Volume, ...]


@dataclass(frozen=True)
class Outliers:
    """Glasses broken in the last GLASS_DAYS, as they are now; looks as they were at `counted_at`, None if never."""

    glasses: tuple[BrokenGlass, ...]
    looks: Looks
    counted_at: datetime | None


class Kind(StrEnum):
    """Of what a kept line is."""

    COUNTED = "counted"
    VOLUME = "volume"
    STRANGER = "stranger"
    NAMESAKE = "namesake"


def count(session: Session) -> Looks:
    """As the hot part of the trail has it. It reads every event of LOOK_DAYS."""
    since = utc_now() - timedelta(days=LOOK_DAYS)
    return Looks(_volumes(session, since), _namesakes(session, since), _strangers(session, since))


def lines(looks: Looks, now: datetime) -> list[OutlierLine]:
    """As rows, to be read by `outliers`."""
    return [
        OutlierLine(kind=Kind.COUNTED, rank=0, number=0, at=now),
        *(
            OutlierLine(kind=kind, rank=rank, account_id=one.account_id, name=one.name, number=one.records,
                        usual=one.usual, at=now)
            for kind, found in ((Kind.VOLUME, looks.volumes), (Kind.STRANGER, looks.strangers))
            for rank, one in enumerate(found)
        ),
        *(
            OutlierLine(kind=Kind.NAMESAKE, rank=rank, name=one.name, patient_id=one.patient_id, number=one.looks,
                        shared=one.shared, at=one.last_at)
            for rank, one in enumerate(looks.namesakes)
        ),
    ]  # fmt: skip


def outliers(session: Session) -> Outliers:
    """What was counted last, and the glasses."""
    kept: dict[str, list[OutlierLine]] = {kind: [] for kind in Kind}
    for line in session.scalars(select(OutlierLine).order_by(OutlierLine.kind, OutlierLine.rank)):
        kept[line.kind].append(line)
    looks = Looks(
        volumes=tuple(map(_volume, kept[Kind.VOLUME])),
        namesakes=tuple(map(_namesake, kept[Kind.NAMESAKE])),
        strangers=tuple(map(_volume, kept[Kind.STRANGER])),
    )
    glasses = _glasses(session, utc_now() - timedelta(days=GLASS_DAYS))
    return Outliers(glasses, looks, next((line.at for line in kept[Kind.COUNTED]), None))


def _volume(line: OutlierLine) -> Volume:
    return Volume(line.account_id or 0, line.name or "", line.number, line.usual or 0)


def _namesake(line: OutlierLine) -> Namesake:
    return Namesake(line.name or "", line.patient_id or 0, line.shared or "", line.number, line.at)


def _glasses(session: Session, since: datetime) -> tuple[BrokenGlass, ...]:
    query = (
        select(GlassBreak.at, Account.name, GlassBreak.patient_id, GlassBreak.reason)
        .join(Account, Account.id == GlassBreak.account_id)
        .where(GlassBreak.at >= since)
        .order_by(GlassBreak.at.desc(), GlassBreak.id.desc())
        .limit(LINES)
    )
    return tuple(BrokenGlass(*row) for row in session.execute(query))


def _volumes(session: Session, since: datetime) -> tuple[Volume, ...]:
    records = func.count(AccessEvent.patient_id.distinct()).label("records")
    query = (
        select(AccessEvent.account_id, func.max(AccessEvent.actor_name), records)
        .where(*_looks_of_clinicians(since))
        .group_by(AccessEvent.account_id)
        .order_by(records.desc(), AccessEvent.account_id)
    )
    rows = session.execute(query).all()
    usual = median(row[2] for row in rows) if rows else 0
    return tuple(Volume(account or 0, name or "", number, usual) for account, name, number in rows[:LINES])


def _strangers(session: Session, since: datetime) -> tuple[Volume, ...]:
    """How many people outside their care each account was shown."""
    shown = {account: len(patients) for account, patients in strangers.shown(session, since).items() if patients}
    usual = median(shown.values()) if shown else 0
    most = sorted(shown.items(), key=lambda one: (-one[1], one[0]))[:LINES]
    names = dict(
        session.execute(select(Account.id, Account.name).where(Account.id.in_([one for one, _ in most]))).all()
    )
    return tuple(Volume(account, names.get(account, ""), number, usual) for account, number in most)


def _namesakes(session: Session, since: datetime) -> tuple[Namesake, ...]:
    looks, last = func.count(), func.max(AccessEvent.at)
    query = (
        select(AccessEvent.actor_name, AccessEvent.patient_id, Patient.name, looks, last)
        .join(Patient, Patient.id == AccessEvent.patient_id)
        .where(*_looks_of_clinicians(since))
        .group_by(AccessEvent.account_id, AccessEvent.actor_name, AccessEvent.patient_id, Patient.name)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    found = sorted(_sharing(session.execute(query)), key=lambda line: (line.looks, line.last_at), reverse=True)
    return tuple(found[:LINES])


def _sharing(rows: Iterable[tuple[str, int, str, int, datetime]]) -> Iterator[Namesake]:
    for name, patient_id, patient, looks, last_at in rows:
        shared = shared_names(name or "", patient)
        if shared:
            yield Namesake(name, patient_id, ", ".join(shared), looks, last_at)


def shared_names(one: str, other: str) -> list[str]:
    """Words that two people's names share, capitalised, in order; titles are left out."""
    first, second = ({word.lower() for word in WORD.findall(name)} - NO_NAMES for name in (one, other))
    return sorted(word.capitalize() for word in first & second)


def _looks_of_clinicians(since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        AccessEvent.at >= since,
        AccessEvent.outcome == "allow",
        AccessEvent.actor_role == Role.CLINICIAN,
        AccessEvent.patient_id.is_not(None),
        # No record was opened.
        AccessEvent.action != strangers.IDENTIFIED,
    )
