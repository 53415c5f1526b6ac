"""Ways to alter an audit trail at random, each of which says where: the chain's writer, or the sets of heads.

What is not found is in docs/security.md: all of it set back, alike, to how it was when heads were kept before.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from core.audit import head_sets
from core.audit.chain import GENESIS, Link, values_hash
from core.audit.head_sets import PREFIX, HeadSet
from core.settings.parsing import PROCESS_KINDS
from tests.made_trails import KEYS, NOW, Event, Trail

MY_OWN = b"a key of my own"
OTHER = {
    "at": NOW - timedelta(days=3), "portal": "command", "action": "chart.printed", "outcome": "deny", "account_id": 99,
    "actor_name": "Somebody Else", "actor_role": "admin", "patient_id": 4711, "target": "patient:4711",
    "purpose": "none", "address": "192.0.2.9", "request_id": "0", "writer": "staff-elsewhere-1-0a",
    "sequence": 77, "previous_hash": "f" * 64,
}  # fmt: skip


class Forger(random.Random):
    """Chooses at random, and has the key of one kind of process, or none that counts; `keys` are those of all."""

    def __init__(self, seed: int, holder: str | None, keys: Mapping[str, Sequence[bytes]] = KEYS) -> None:
        super().__init__(seed)
        self._keys = keys
        self._own = (None, MY_OWN, *(keys[holder] if holder is not None else ()))

    def key(self) -> bytes | None:
        return self.choice(self._own)

    def key_of_no(self, kind: str) -> bytes | None:
        """None, one of its own, or another kind's, as if it had that one."""
        return self.choice([None, MY_OWN, *(key for other, (key,) in self._keys.items() if other != kind)])


Alteration = Callable[[Trail, Forger], str]


def _any(trail: Trail, chance: Forger) -> Event:
    return chance.choice(trail.events)


def _say_otherwise(event: Event, chance: Forger) -> None:
    name = chance.choice(sorted(OTHER))
    event.values[name] = OTHER[name] if event.values[name] != OTHER[name] else None


def _chained_anew(trail: Trail, writer: str, key: bytes | None) -> None:
    """The whole chain with hashes of the forger's own, and its head."""
    before = Link(0, GENESIS)
    for number, event in enumerate(trail.of(writer), 1):
        event.values |= {"sequence": number, "previous_hash": before.hash}
        event.hash = values_hash(event.row(), key)
        before = Link(number, event.hash)
    trail.heads[writer] = before


def change(trail: Trail, chance: Forger) -> str:
    event = _any(trail, chance)
    writer = event.values["writer"]
    _say_otherwise(event, chance)
    return writer


def change_and_hash(trail: Trail, chance: Forger) -> str:
    event = _any(trail, chance)
    writer = event.values["writer"]
    _say_otherwise(event, chance)
    event.hash = values_hash(event.row(), chance.key())
    return writer


def change_and_chain(trail: Trail, chance: Forger) -> str:
    event = _any(trail, chance)
    writer = event.values["writer"]
    event.values["actor_name"] = "Somebody Else"
    _chained_anew(trail, writer, chance.key())
    return writer


def take_away(trail: Trail, chance: Forger) -> str:
    event = _any(trail, chance)
    trail.events.remove(event)
    return str(event.values["writer"])


def take_away_and_chain(trail: Trail, chance: Forger) -> str:
    writer = take_away(trail, chance)
    _chained_anew(trail, writer, chance.key())
    return writer


def cut(trail: Trail, chance: Forger) -> str:
    """The end of a chain, and its head set back to what was once true."""
    writer = str(_any(trail, chance).values["writer"])
    mine = trail.of(writer)
    left = mine[: chance.randrange(len(mine))]
    trail.events = [event for event in trail.events if event.values["writer"] != writer or event in left]
    if left:
        trail.heads[writer] = Link(left[-1].values["sequence"], left[-1].hash)
    else:
        del trail.heads[writer]
    return writer


def swap(trail: Trail, chance: Forger) -> str:
    one, other = chance.sample(trail.of(chance.choice(sorted(trail.heads))), 2)
    one.values["sequence"], other.values["sequence"] = other.values["sequence"], one.values["sequence"]
    return str(one.values["writer"])


def double(trail: Trail, chance: Forger) -> str:
    event = _any(trail, chance)
    trail.events.append(Event({**event.values, "actor_name": "Somebody Else"}, event.hash))
    return str(event.values["writer"])


def write_on(trail: Trail, chance: Forger) -> str:
    """One more event, at the end of a chain or in a new one, with its head, and at best under another kind's key."""
    kind = chance.choice(PROCESS_KINDS)
    known = sorted(writer for writer in trail.heads if writer.startswith(kind))
    writer = chance.choice([*known, f"{kind}-elsewhere-1-{chance.getrandbits(48):012x}"])
    trail.write(writer, key=chance.key_of_no(kind), portal=kind)
    return writer


def set_head(trail: Trail, chance: Forger) -> str:
    writer = chance.choice(sorted(trail.heads))
    link = trail.heads[writer]
    trail.heads[writer] = chance.choice(
        [Link(link.sequence + 1, link.hash), Link(link.sequence, "f" * 64), Link(0, GENESIS)]
    )
    return writer


def take_head(trail: Trail, chance: Forger) -> str:
    writer = chance.choice(sorted(trail.heads))
    del trail.heads[writer]
    return writer


def _object(trail: Trail, number: int) -> Path:
    return trail.store.root / f"{PREFIX}{number:08d}.json"


def change_set(trail: Trail, chance: Forger) -> str:
    path = _object(trail, chance.randint(1, 3))
    content = json.loads(path.read_text())
    writer = chance.choice(sorted(content["set"]["heads"]))
    content["set"]["heads"][writer][1] = "f" * 64
    path.write_text(json.dumps(content))
    return PREFIX


def spoil_set(trail: Trail, chance: Forger) -> str:
    path = _object(trail, chance.randint(1, 3))
    raw = bytearray(path.read_bytes())
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(7)
    path.write_bytes(raw[: chance.choice([None, len(raw) // 2])])
    return PREFIX


def take_sets(trail: Trail, chance: Forger) -> str:
    for number in chance.choice([(1,), (2,), (3,), (2, 3), (1, 2, 3)]):
        _object(trail, number).unlink()
    return PREFIX


def take_all_trace_of_sets(trail: Trail, chance: Forger) -> str:
    take_sets(trail, random.Random(5))
    for number in (1, 2, 3):
        _object(trail, number).unlink(missing_ok=True)
    trail.noted.clear()
    return PREFIX


def add_set(trail: Trail, chance: Forger) -> str:
    """One that hides what comes: a later number, an old set under a new one, or a name that sorts last."""
    forged = HeadSet(4, NOW, trail.noted[3], {})
    match chance.randrange(4):
        case 0:
            head_sets.write(trail.store, forged, b"a key of my own".ljust(32))
        case 1:
            _object(trail, 4).write_bytes(_object(trail, chance.randint(1, 3)).read_bytes())
        case 2:
            name = chance.choice(["99991231", "zzz.json", "99991231T235959000000.json"])
            (trail.store.root / PREFIX / name).write_text("{}")
        case 3:
            _object(trail, 99_991_231).write_text("{}")
    return PREFIX


def swap_sets(trail: Trail, chance: Forger) -> str:
    one, other = (_object(trail, number) for number in chance.sample([1, 2, 3], 2))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    return PREFIX


OF_EVENTS: tuple[Alteration, ...] = (
    change, change_and_hash, change_and_chain, take_away, take_away_and_chain, cut, swap, double, write_on, set_head,
    take_head,
)  # fmt: skip
OF_SETS: tuple[Alteration, ...] = (change_set, spoil_set, take_sets, take_all_trace_of_sets, add_set, swap_sets)
