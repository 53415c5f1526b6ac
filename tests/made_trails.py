"""An audit trail as it is read for a verification, made without servers: events, heads, and sets that were kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.audit import head_sets
from core.audit.chain import CHAINED, GENESIS, Link, values_hash
from core.audit.head_sets import HeadSet
from core.audit.verifier import Proof
from core.queries.audit_chains import Evidence, Verdict, judge
from core.sealing import signatures
from core.settings.parsing import PROCESS_KINDS
from core.staging.folder import Folder

NOW = datetime(2026, 11, 12, 2, 0, tzinfo=UTC)
KEYS = {kind: (f"key of {kind}".ljust(32).encode(),) for kind in PROCESS_KINDS}
SIGNER = b"the key that signs heads".ljust(32)
LONGEST = timedelta(minutes=130)


@dataclass
class Event:
    """One event's columns by name, and the hash beside them."""

    values: dict[str, Any]
    hash: str

    def row(self) -> list[Any]:
        return [self.values[name] for name in CHAINED]

    @property
    def place(self) -> tuple[str, int]:
        return self.values["writer"], self.values["sequence"]


@dataclass
class Trail:
    """All that a verification reads: events in order of their ids, heads, what the database notes of sets, and sets."""

    store: Folder
    events: list[Event] = field(default_factory=list)
    heads: dict[str, Link] = field(default_factory=dict)
    noted: dict[int, str] = field(default_factory=dict)

    def write(self, writer: str, *, key: bytes | None, **values: Any) -> None:
        """Append an event as its writer does."""
        end = self.heads.get(writer, Link(0, GENESIS))
        said = {
            "at": NOW - timedelta(hours=9), "portal": writer.partition("-")[0], "action": "chart.viewed",
            "outcome": "allow", "account_id": 1, "actor_name": "Dr Tan", "actor_role": "clinician", "patient_id": 7,
            "target": "patient:7", "purpose": None, "address": "192.0.2.7", "request_id": "f00d", **values,
            "writer": writer, "sequence": end.sequence + 1, "previous_hash": end.hash,
        }  # fmt: skip
        hash_ = values_hash([said[name] for name in CHAINED], key)
        self.events.append(Event(said, hash_))
        self.heads[writer] = Link(end.sequence + 1, hash_)

    def keep(self, number: int, kept_at: datetime) -> None:
        """Keep a set of heads as the worker does."""
        made = HeadSet(number, kept_at, self.noted.get(number - 1, ""), dict(self.heads))
        head_sets.write(self.store, made, SIGNER)
        self.noted[number] = made.hash

    def of(self, writer: str) -> list[Event]:
        return [event for event in self.events if event.values["writer"] == writer]

    def verify(self, now: datetime = NOW) -> Verdict:
        series = head_sets.survey(self.store, [signatures.public_of(SIGNER)])
        proof = Proof(KEYS, series.first.heads if series.first is not None else None)
        rows = [(number, *event.row(), event.hash) for number, event in enumerate(self.events)]
        return judge(rows, Evidence(series, proof, self.heads, self.noted), now=now, longest=LONGEST)


def made_trail(folder: Path) -> Trail:
    """Two writers of each kind of process, one from before there were keys, and three sets of heads."""
    made = Trail(Folder(folder))
    for _ in range(4):
        made.write("web-1-4711-0a1b2c3d4e5f", key=None, portal="staff")
    made.keep(1, NOW - timedelta(hours=3, minutes=1))
    for number in (2, 3):
        for kind in PROCESS_KINDS:
            for writer in (f"{kind}-a-1-0a1b2c3d4e5f", f"{kind}-b-1-0a1b2c3d4e5f"):
                made.write(writer, key=KEYS[kind][0])
                made.write(writer, key=KEYS[kind][0])
        made.keep(number, NOW - timedelta(hours=4 - number, minutes=1))
    return made
