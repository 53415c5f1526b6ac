"""Numbers that stand for resources and names, and what belongs to them: of these an import may hold a million."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from hashlib import blake2b

from core.interchange.fhir.bundles import Item


def mark_of(kind: str, identity: str) -> int:
    """A number that stands for a resource, the same in every process."""
    return int.from_bytes(blake2b(f"{kind}/{identity}".encode(), digest_size=8).digest())


@dataclass(slots=True)
class Pairs:
    """Numbers by a number: 16 bytes a pair, of which a dictionary takes a hundred. Sorted when first asked."""

    _keys: array[int] = field(default_factory=lambda: array("Q"))
    _values: array[int] = field(default_factory=lambda: array("Q"))
    _is_sorted: bool = True

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: int) -> bool:
        self._sort()
        at = bisect_left(self._keys, key)
        return at < len(self._keys) and self._keys[at] == key

    def add(self, key: int, value: int = 0) -> None:
        """Remember one more number for a key."""
        self._keys.append(key)
        self._values.append(value)
        self._is_sorted = False

    def of(self, key: int) -> set[int]:
        """The numbers of a key."""
        self._sort()
        start = bisect_left(self._keys, key)
        return set(self._values[start : bisect_right(self._keys, key, start)])

    def absorb(self, other: Pairs, more: int = 0) -> None:
        """Take in others' pairs, their numbers raised by `more`."""
        self._keys.extend(other._keys)
        self._values.extend(value + more for value in other._values)
        self._is_sorted = False

    def _sort(self) -> None:
        if not self._is_sorted:
            order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
            self._keys = array("Q", map(self._keys.__getitem__, order))
            self._values = array("Q", map(self._values.__getitem__, order))
            self._is_sorted = True


@dataclass(slots=True)
class ObservationNames:
    """What others in a file may call its Observations without a time: full URL and `Observation/id`, as marks."""

    _marks: Pairs = field(default_factory=Pairs)

    def __len__(self) -> int:
        return len(self._marks)

    def add(self, item: Item, identity: str) -> None:
        """Make an Observation findable."""
        mark = mark_of("Observation", identity)
        if item.full_url:
            self._marks.add(mark_of("url", item.full_url.split("/_history/", 1)[0]), mark)
        own_id = item.resource.get("id")
        if isinstance(own_id, str):
            self._marks.add(mark_of("name", own_id), mark)
            if "@" not in identity:
                self._marks.add(mark_of("name of none", own_id), mark)

    def of_url(self, url: str) -> set[int]:
        """The Observations with this full URL."""
        return self._marks.of(mark_of("url", url))

    def of_id(self, own_id: str, *, of_no_server: bool) -> set[int]:
        """Those with this id, of any server or of none."""
        return self._marks.of(mark_of("name of none" if of_no_server else "name", own_id))
