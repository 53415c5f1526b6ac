"""Sets of the chains' heads as they are kept outside the database: signed, numbered, each naming the one before.

A set is an object `audit-heads/NUMBER.json`. Whoever can write objects there can neither add a set nor change one; one
that is taken away is missed. Sets from before there was a key are `audit-heads/TIME.json`: they hold until the
first signed one, which was made only of a trail that agreed with them. A set says from which number on all must be
there: older ones may be let go, but for the first, by which events from before there were keys are known.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from typing import Any

from core.audit.chain import Link
from core.sealing import signatures
from core.staging.contract import ObjectStore, StagingError

PREFIX = "audit-heads/"
PURPOSE = "audit heads"
SIGNED = re.compile(rf"{PREFIX}(\d{{8}})\.json")
UNSIGNED = re.compile(rf"{PREFIX}(\d{{8}}T\d{{12}})\.json")
UNSIGNED_TIME = "%Y%m%dT%H%M%S%f"
# Of a long series, the first two and so many of the newest are read.
LINKS_READ = 48
FIRST = 1


class NotASet(Exception):
    """The object is no set of heads that was signed with the key; the message says in what way."""


@dataclass(frozen=True)
class HeadSet:
    """The heads by writer at one instant; `previous` is the hash of the set before, empty for the first.

    Sets between the first and number `since` may be gone.
    """

    number: int
    kept_at: datetime
    previous: str
    heads: Mapping[str, Link]
    since: int = FIRST + 1

    @cached_property
    def body(self) -> bytes:
        """What is signed."""
        listed = {writer: [link.sequence, link.hash] for writer, link in sorted(self.heads.items())}
        said = {"number": self.number, "kept_at": self.kept_at.isoformat(), "previous": self.previous, "heads": listed}
        if self.since > FIRST + 1:
            said["since"] = self.since
        return json.dumps(said, sort_keys=True).encode()

    @property
    def hash(self) -> str:
        """SHA-256 of what is signed, in hex."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def key(self) -> str:
        """Its object's name."""
        return key_of(self.number)


def key_of(number: int) -> str:
    """The name of the object that holds the set of that number."""
    return f"{PREFIX}{number:08d}.json"


def write(store: ObjectStore, made: HeadSet, private: bytes) -> str:
    """Sign a set and keep it; returns the object's key. Raises StagingError."""
    signature = signatures.sign(private, PURPOSE, made.body)
    with store.create(made.key) as file:
        file.write(_encoded(made, signature))
    return made.key


def _encoded(made: HeadSet, signature: str) -> bytes:
    return json.dumps({"set": json.loads(made.body), "signature": signature}).encode()


def read(store: ObjectStore, number: int, public: Sequence[bytes]) -> HeadSet:
    """The set of that number. Raises NotASet, StagingError."""
    with store.open(key_of(number)) as file:
        raw = file.read()
    try:
        content = json.loads(raw)
        found, signature = _parsed(content["set"]), str(content["signature"])
    except (ValueError, TypeError, KeyError):
        raise NotASet("can't be read") from None
    if not signatures.holds(public, PURPOSE, found.body, signature):
        raise NotASet("is not signed with the key")
    if raw != _encoded(found, signature):
        raise NotASet("is not as it was written")
    if found.number != number:
        raise NotASet(f"is set {found.number} under another number")
    return found


def _parsed(said: Mapping[str, Any]) -> HeadSet:
    heads = {str(writer): Link(int(sequence), str(hash_)) for writer, (sequence, hash_) in said["heads"].items()}
    kept_at = datetime.fromisoformat(said["kept_at"])
    if kept_at.tzinfo is None:
        raise ValueError("a time without a zone")
    return HeadSet(int(said["number"]), kept_at, str(said["previous"]), heads, int(said.get("since", FIRST + 1)))


@dataclass
class Series:
    """All that is kept: the first set, the newest, and until there is one what the newest unsigned says.

    `faults` pairs an object's name with what is wrong with it.
    """

    first: HeadSet | None = None
    newest: HeadSet | None = None
    unsigned: Mapping[str, Link] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)

    @property
    def heads(self) -> Mapping[str, Link]:
        """What the trail must still have."""
        return self.newest.heads if self.newest is not None else self.unsigned


def survey(store: ObjectStore, public: Sequence[bytes]) -> Series:
    """Look at everything that is kept. Raises StagingError where the store can't be read."""
    found = Series()
    times: list[tuple[datetime, str]] = []
    for key in sorted(store.list(PREFIX)):
        if match := SIGNED.fullmatch(key):
            found.numbers.append(int(match[1]))
        elif (match := UNSIGNED.fullmatch(key)) and (at := _time(match[1])):
            times.append((at, key))
        else:
            found.faults.append((key, "is no set of heads"))
    _read_signed(store, public, found)
    found.faults += _gaps(found)
    if found.first is not None:
        since = found.first.kept_at
        found.faults += [(key, "was added after the first signed set") for at, key in times if at > since]
    elif times and not found.numbers:
        found.unsigned = _read_unsigned(store, times[-1][1])
    return found


def _gaps(found: Series) -> Iterator[tuple[str, str]]:
    since = found.newest.since if found.newest is not None else FIRST + 1
    if found.numbers and found.numbers[0] != FIRST:
        yield key_of(FIRST), "is missing: the first set stays for ever"
    for before, number in pairwise([since - 1, *(number for number in found.numbers if number >= since)]):
        if number != before + 1:
            yield key_of(before + 1), f"{number - before - 1} set(s) missing from here"


def _read_signed(store: ObjectStore, public: Sequence[bytes], found: Series) -> None:
    before: HeadSet | None = None
    for number in dict.fromkeys((*found.numbers[:2], *found.numbers[-LINKS_READ:])):
        try:
            now = read(store, number, public)
        except (NotASet, StagingError) as fault:
            found.faults.append((key_of(number), str(fault)))
            continue
        found.faults += [(now.key, what) for what in _breaks(before, now)]
        found.first = now if number == 1 else found.first
        before = found.newest = now


def _breaks(before: HeadSet | None, now: HeadSet) -> Iterator[str]:
    if before is None or before.number + 1 != now.number:
        return
    if now.previous != before.hash:
        yield f"does not follow set {before.number}"
    if now.kept_at < before.kept_at:
        yield f"is older than set {before.number}"


def _read_unsigned(store: ObjectStore, key: str) -> dict[str, Link]:
    with store.open(key) as file:
        return {writer: Link(sequence, hash_) for writer, (sequence, hash_) in json.load(file).items()}


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, UNSIGNED_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
