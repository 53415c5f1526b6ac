"""The pure part of the pictures: what is kept, what a change makes of it, how it is packed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.picture import packed
from core.picture.packed import UnknownFormat, pack, unpack
from core.picture.values import KEPT, Value, change, keep

START = datetime(2020, 1, 1, tzinfo=UTC)
APART = frozenset({9})


def value(
    row_id: int, day: int, *, flag: str | None = None, assay: int = 1, visit: int | None = 1, number: str | None = "7.2"
) -> Value:
    return Value(
        id=row_id, assay_id=assay, visit_id=visit, observed_at=START + timedelta(days=day),
        value_number=Decimal(number) if number else None, value_text=None if number else "positive",
        unit="%", ref_low=None, ref_high=Decimal("6.5"), interpretation=flag,
    )  # fmt: skip


def ids(values: Iterable[Value]) -> list[int]:
    return [one.id for one in values]


def test_the_newest_and_the_newest_outside_its_range_are_kept() -> None:
    rows = [value(n, day=n, flag="H" if n in (2, 3) else None) for n in range(1, 9)]
    assert ids(keep(rows, frozenset())) == [8, 7, 6, 3]


def test_of_visits_kept_apart_all_is_kept_beside_the_others() -> None:
    rows = [value(n, day=n, visit=9 if n > 3 else 1) for n in range(1, 9)]
    assert ids(keep(rows, APART)) == [8, 7, 6, 5, 4, 3, 2, 1]


def test_of_one_instant_the_later_row_is_newer() -> None:
    assert ids(keep([value(n, day=1) for n in (3, 5, 4, 2)], frozenset())) == [5, 4, 3]


def test_a_removal_of_what_is_kept_asks_for_older_values() -> None:
    before = keep([value(n, day=n) for n in range(1, 9)], frozenset())
    changed = change(before, {7}, [], frozenset())
    assert (ids(changed.values), changed.unsure) == ([8, 6], {1})


def test_a_removal_asks_for_nothing_where_all_is_known() -> None:
    before = keep([value(n, day=n) for n in (1, 2)], frozenset())
    assert change(before, {2}, [], frozenset()).unsure == frozenset()


def test_a_value_that_is_corrected_in_its_place_asks_for_nothing() -> None:
    before = keep([value(n, day=n) for n in range(1, 9)], frozenset())
    changed = change(before, {7}, [value(7, day=7, number="7.9")], frozenset())
    assert (ids(changed.values), changed.unsure) == ([8, 7, 6], frozenset())


def test_a_corrected_flag_asks_for_the_outside_value_before_it() -> None:
    before = keep([value(n, day=n, flag="H" if n in (1, 2) else None) for n in range(1, 9)], frozenset())
    changed = change(before, {2}, [value(2, day=2)], frozenset())
    assert changed.unsure == {1}


# Few places in time and few visits, so that changes meet.
rows = st.builds(
    value,
    st.integers(1, 40),
    st.integers(0, 12),
    flag=st.sampled_from([None, "H", "L", "N"]),
    assay=st.integers(1, 2),
    visit=st.sampled_from([None, 1, 9]),
)


@given(before=st.lists(rows), gone=st.sets(st.integers(1, 40)), now=st.lists(rows, max_size=6))
def test_a_change_is_what_a_full_read_says_wherever_it_is_sure(
    before: list[Value], gone: set[int], now: list[Value]
) -> None:
    there = {one.id: one for one in before}
    after = {row_id: one for row_id, one in there.items() if row_id not in gone}
    after |= {one.id: one for one in now if one.id in gone}
    wanted = keep(after.values(), APART)
    changed = change(keep(there.values(), APART), gone, [one for one in after.values() if one.id in gone], APART)
    sure = [one for one in changed.values if one.assay_id not in changed.unsure]
    assert sure == [one for one in wanted if one.assay_id not in changed.unsure]


@given(st.lists(rows, unique_by=lambda one: one.id))
def test_packing_loses_nothing(values: list[Value]) -> None:
    assert set(unpack(pack(values))) == set(values)


@pytest.mark.parametrize("said", [None, '{"status":"preliminary"}'])
@pytest.mark.parametrize("microseconds", [0, 1])
def test_a_text_a_part_of_a_second_and_what_a_source_said_are_packed_too(microseconds: int, said: str | None) -> None:
    one = value(2**40, day=1, number=None)
    at = one.observed_at + timedelta(microseconds=microseconds)
    odd = Value(**{name: getattr(one, name) for name in Value.__dataclass_fields__} | {"observed_at": at, "said": said})
    assert unpack(pack([odd])) == (odd,)


@pytest.mark.parametrize("name", packed.BESIDE)
def test_each_text_that_stands_beside_a_value_is_packed(name: str) -> None:
    odd = replace(value(1, day=1), **{name: "told"})
    assert unpack(pack([odd, value(2, day=2)])) == (odd, value(2, day=2))


def test_nothing_is_packed_as_nothing() -> None:
    assert (pack([]), unpack(b"")) == (b"", ())


def test_another_format_is_refused() -> None:
    with pytest.raises(UnknownFormat):
        unpack(zlib.compress(b"[99]"))


@pytest.mark.parametrize(
    "content",
    [b"zz", zlib.compress(b"{}"), zlib.compress(b"5"), zlib.compress(b"[1, 2]"), zlib.compress(b"[" * 9_000),
     zlib.compress(b"[1," + b"9" * 5_000 + b"]"), zlib.compress(b"[1, 0, [1], [1], 5, 0, [1], [1], [1], {}]"),
     zlib.compress(pack([value(1, day=1)]))[:9]],
)  # fmt: skip
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(UnknownFormat):
        unpack(content)


def test_a_picture_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "UNPACKED_BYTES_MAX", 1_000)
    bomb, largest = zlib.compress(b" " * 10_000_000), []
    read = json.loads
    monkeypatch.setattr(packed.json, "loads", lambda text: largest.append(len(text)) or read(text))
    with pytest.raises(UnknownFormat):
        unpack(bomb)
    assert all(size <= 1_000 for size in largest)


def test_what_is_kept_is_enough_for_evidence() -> None:
    from core.queries.evidence import LIMITS

    assert LIMITS.values_per_assay <= KEPT
