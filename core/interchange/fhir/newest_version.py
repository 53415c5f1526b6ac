"""Of the versions of one resource the newest counts; where nothing tells which that is, none does."""

from __future__ import annotations

import json
from collections.abc import Iterable

from core.interchange.fhir import patient
from core.interchange.fhir.bundles import Item, dig
from core.interchange.fhir.resource_index import Known
from core.interchange.fhir.second_reading import Maker, Waiting
from core.interchange.fhir.survey import KINDS

UNTOLD = ("", 0)


def make_newest(waiting: Iterable[tuple[Known, Waiting]], maker: Maker) -> None:
    """Make records of the newest version of each resource; a deletion is a version too."""
    by_resource: dict[Known, list[Waiting]] = {}
    for known, version in waiting:
        by_resource.setdefault(known, []).append(version)
    order = list(KINDS)
    for known, versions in sorted(by_resource.items(), key=lambda one: (order.index(one[0][0]), one[0][1])):
        _make(known, sorted(versions, key=lambda one: one[0].place), maker)


def _last_deleted(versions: list[Waiting]) -> Waiting | None:
    return max((one for one in versions if one[0].deleted is not None), key=_version, default=None)


def _make(known: Known, versions: list[Waiting], maker: Maker) -> None:
    there = [one for one in versions if one[0].deleted is None]
    deleted = _last_deleted(versions)
    newest = _only_newest(there) if there else None
    if deleted is not None and not (newest and UNTOLD < _version(deleted) < _version(newest)):
        maker.delete(known, *deleted)
    elif newest is not None:
        maker.make(*newest)
    else:
        _refuse_all(known, there, maker)
        return
    counts, others = maker.made.summary.of(KINDS[known[0]]), sum(1 + item.repeats for item, _ in versions) - 1
    counts.read += others
    counts.unchanged += others


def _refuse_all(known: Known, versions: list[Waiting], maker: Maker) -> None:
    kind = KINDS[known[0]]
    first = versions[0][0].place
    for item in (one for one, _ in versions for _ in range(1 + one.repeats)):
        maker.made.summary.of(kind).read += 1
        reason = f"{kind} {known[1]} was already at {first} with other content, and neither says which is newer"
        maker.refuse(kind, item, known[1], reason)


def _version(waiting: Waiting) -> tuple[str, int]:
    number = dig(waiting[0].resource, "meta", "versionId")
    updated = dig(waiting[0].resource, "meta", "lastUpdated")
    return str(updated or ""), int(number) if isinstance(number, str) and number.isdigit() else 0


def _only_newest(versions: list[Waiting]) -> Waiting | None:
    """The version that counts; None if nothing tells. Of one person who is told of twice, the fuller version."""
    ordered = sorted(versions, key=lambda one: (_version(one), len(_canonical(one[0])), _canonical(one[0])))
    last = ordered[-1]
    is_newer = all(_version(one) < _version(last) for one in ordered[:-1])
    if is_newer or len({_canonical(item) for item, _ in versions}) == 1:
        return last
    resources = [item.resource for item, _ in versions]
    is_person = resources[0]["resourceType"] == "Patient"
    return last if is_person and patient.is_one_person(resources) else None


def _canonical(item: Item) -> str:
    return json.dumps(item.resource, sort_keys=True, default=str)
