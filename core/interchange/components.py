"""Which row a component of a known Observation is: one that is added or taken away renames none of the others.

Components are numbered in a resource. A newer version may have others: each takes the number under which the same
content, else the same test, is known, and what is new takes numbers that were never used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Select, select

from core.engines.functions import any_of
from core.interchange import ledger
from core.interchange.catalogue import Catalogue
from core.interchange.ledger import RETRACTED, Entry
from core.interchange.retract import PARTS_MAX
from core.interchange.source_rows import Record, short_key
from core.interchange.upsert import Work
from core.models import Observation

Numbered = Mapping[int, Entry]


def settle(work: Work, records: Iterable[Record], catalogue: Catalogue) -> None:
    """Give the components of known Observations the numbers of their rows."""
    changed = {stem: parts for stem, parts in _by_stem(records).items() if _is_changed(work, parts)}
    if not changed:
        return
    found = _numbered(work, changed)
    tests = _tests_of(work, found.values())
    for stem, parts in changed.items():
        for record, number in _numbers(parts, found[stem], tests, catalogue):
            record.id_key = f"{stem}#{number}"
            record.key = short_key(record.id_key)
    work.known.update(ledger.find(work.session, {record.key for parts in changed.values() for record in parts}))


def _by_stem(records: Iterable[Record]) -> Mapping[str, list[Record]]:
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        stem, _, part = (record.id_key or "").partition("#")
        if part:
            groups[stem].append(record)
    return groups


def _numbered(work: Work, stems: Iterable[str]) -> Mapping[str, Numbered]:
    """What this source has brought of the components of these Observations, by number."""
    keys = {short_key(f"{stem}#{part}"): (stem, part) for stem in stems for part in range(PARTS_MAX)}
    found: dict[str, dict[int, Entry]] = defaultdict(dict)
    for key, entries in ledger.find(work.session, keys).items():
        if work.source in entries:
            stem, number = keys[key]
            found[stem][number] = entries[work.source]
    return found


def _is_changed(work: Work, parts: Sequence[Record]) -> bool:
    """Whether something of an Observation is known, and not all of it as it is."""
    entries = [work.known.get(record.key, {}).get(work.source) for record in parts]
    known = [entry for entry in entries if entry is not None]
    hashes = [record.content_hash() for record in parts]
    return bool(known) and [entry.content_hash if entry else None for entry in entries] != hashes


def _tests_of(work: Work, found: Iterable[Numbered]) -> dict[int, int]:
    """The test of each hot row; an archived one is known by its content alone."""
    ids = sorted({entry.row_id for numbered in found for entry in numbered.values() if entry.content_hash != RETRACTED})
    return {row.id: row.assay_id for row in work.session.execute(tests(ids))}


def tests(ids: Sequence[int]) -> Select[int, int]:
    """Id and test of these hot rows, however many."""
    return select(Observation.id, Observation.assay_id).where(any_of(Observation.id, ids))


def _numbers(
    parts: Sequence[Record], known: Numbered, tests: Mapping[int, int], catalogue: Catalogue
) -> Iterator[tuple[Record, int]]:
    free = {number: entry for number, entry in known.items() if entry.content_hash != RETRACTED}
    same, left = _unchanged(parts, free)
    yield from same
    for _record, number in same:
        del free[number]
    spare = [number for number in range(PARTS_MAX) if number not in known]
    spare += [number for number in known if number not in free]
    tested = [(number, tests.get(entry.row_id)) for number, entry in sorted(free.items())]
    for record in left:
        yield record, _next(catalogue.assay_id(record), tested, spare)


def _next(assay_id: int | None, tested: list[tuple[int, int | None]], spare: list[int]) -> int:
    """The number of a part that is not known as it is, taken off: of its own test, else a spare one, else any."""
    alike = next((one for one in tested if one[1] == assay_id), None)
    if alike is not None:
        tested.remove(alike)
        return alike[0]
    return spare.pop(0) if spare else tested.pop(0)[0]


def _unchanged(parts: Sequence[Record], known: Numbered) -> tuple[list[tuple[Record, int]], list[Record]]:
    """The parts that are known as they are, each with its number, and the others."""
    free, same, left = dict(known), [], []
    for record in parts:
        number = next((n for n, entry in free.items() if entry.content_hash == record.content_hash()), None)
        if number is None:
            left.append(record)
        else:
            del free[number]
            same.append((record, number))
    return same, left
