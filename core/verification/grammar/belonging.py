"""What belongs to which frame: what stands right before a name, one day for several tests, a bracket behind a list."""

from __future__ import annotations

from itertools import pairwise, takewhile

from core.verification.grammar.chunk import MARK, NAME, PAIR, SPAN, VALUE, WHEN, Chunk
from core.verification.grammar.frames import Frame
from core.verification.vocabulary import PANELS

# What may stand before the name that it is said of.
LEADING = frozenset(
    {
        "status", "read", "which", "criticality", "severity", "neg", "free", "only", "have", "degree", "noun", "number",
        "start", "take", "record", "past",
    }
)  # fmt: skip
LINKING = frozenset({"take", "start", "treats", "free", "pronoun", "aux"})
DATED = frozenset({"condition", "prescription", "visit"})
DAYS = frozenset({WHEN, SPAN})
MONTH_DAYS_MAX = 31
SHARED = frozenset({"all", "now", "read"})
TOLD = frozenset({"read", "trend", "all"})
HEALING = frozenset({"prescription", "visit", "observation"})


def taken_from(frame: Frame, kind: str) -> list[Chunk]:
    """What stands right before a new name belongs to it, back to the last "and" or comma."""
    at = len(frame.items) - 1 if kind == frame.kind == "prescription" and _ends_in_amount(frame) else _leading(frame)
    taken = frame.items[at:]
    del frame.items[at:]
    return taken


def _ends_in_amount(frame: Frame) -> bool:
    """ "And 1 ml vasopressin": an amount between a break and the name of a medicine."""
    said = frame.items[frame.lead :]
    joint = said[-2] if len(said) > 1 else Chunk(NAME, 0, 0)
    return bool(said) and said[-1].kind == VALUE and ("," in joint.means or joint.get("conj") == "and")


def ends_in_change(frame: Frame, name: Chunk) -> bool:
    """ "And 7 cm taller": the amount before a name that is a change of its test."""
    return name.is_change_of_test and frame.items[-1:] != [] and frame.items[-1].kind == VALUE


def _leading(frame: Frame) -> int:
    """Where what belongs to the next name begins."""
    end = at = len(frame.items)
    if frame.kind == "patient":
        return frame.lead
    if (heading := _heading(frame)) < end:
        return heading
    if frame.kind in ("condition", "observation") and (link := _link(frame)) < end:
        return link
    while at > frame.lead and _is_leading(frame.items[at - 1]):
        at -= 1
    at = _day_of_next(frame, at)
    return at if at > frame.lead and _is_break(frame.items[at - 1]) else end


def _day_of_next(frame: Frame, at: int) -> int:
    """ "Diagnosed on 13 April and three weeks later simvastatin was begun": a second day, right before a name."""
    day = at - 2 if at and "later" in frame.items[at - 1].means else at - 1
    begins = day > frame.lead and frame.items[day].kind == WHEN and "conj" in frame.items[day - 1].means
    dated = any(chunk.kind == WHEN for chunk in frame.items[frame.lead : day])
    return day if begins and dated and frame.kind in DATED else at


def _is_leading(chunk: Chunk) -> bool:
    return not LEADING.isdisjoint(chunk.means) and not chunk.used


def _heading(frame: Frame) -> int:
    """Where "on triple therapy:" begins at the end of what is said of another."""
    end = at = len(frame.items)
    if frame.kind == "prescription" or at - frame.lead < 2 or ":" not in frame.items[-1].means:
        return end
    if frame.items[-2].get("noun") != "medicine":
        return end
    at -= 2
    while at > frame.lead and not LINKING.isdisjoint(frame.items[at - 1].means):
        at -= 1
    return at


def _link(frame: Frame) -> int:
    """Where "treated with", "for which she takes" begins at the end of what is said of a condition."""
    at = len(frame.items)
    while at > frame.lead and not LINKING.isdisjoint(frame.items[at - 1].means):
        at -= 1
    wanted = {"treats"} if frame.kind == "observation" else {"take", "start", "treats"}
    return at if any(c.means.keys() & wanted for c in frame.items[at:]) else len(frame.items)


def _is_break(chunk: Chunk) -> bool:
    return chunk.kind == MARK or "conj" in chunk.means or "prep" in chunk.means


def treat(frame: Frame, before: list[Frame]) -> None:
    """Note what a medicine is said to treat, and whether it only says what was taken when something was measured."""
    if not before:
        return
    last = before[-1]
    ill = next((f for f in reversed(before) if f.kind == "condition"), None)
    if frame.kind in ("visit", "observation"):
        frame.illness = ill
        return
    frame.circumstance = last.kind == "observation"
    if ill is not None and any("treats" in c.means for c in frame.items):
        frame.treated, frame.illness = ill.names, ill
    elif last.kind == frame.kind == "prescription":
        frame.treated, frame.illness = last.treated, last.illness
    elif frame.kind == "prescription":
        frame.illness = ill


def settled(cut: list[Frame]) -> list[Frame]:
    """The frames of a segment, with what belongs to another moved there."""
    for frame in cut:
        _heal(frame)
    _behind_colon(cut)
    tests = [frame for frame in cut if frame.kind == "observation"]
    if len(tests) > 1:
        _name_behind(tests, cut)
    inside = _days_of_brackets(cut)
    _share_day([frame for frame in tests if frame not in inside])
    if len(tests) > 1:
        _share_reading(tests)
        _read_in_turn(tests)
    return [part for frame in cut for part in _bracketed(frame)]


def _heal(frame: Frame) -> None:
    """ "Bronchitis was treated with amoxicillin and resolved on 3 May": what has resolved is the condition."""
    if frame.illness is None or frame.kind not in HEALING:
        return
    at = next((n for n, c in enumerate(frame.items) if _heals(c)), None)
    if at is not None:
        frame.illness.items += frame.items[at:]
        del frame.items[at:]


def _behind_colon(cut: list[Frame]) -> None:
    """ "Normotensive on amlodipine: 118/70 in May": a value behind a colon is of the test that has none."""
    if not cut or cut[0].kind != "observation" or cut[-1].kind == "observation":
        return
    test, last = cut[0], cut[-1]
    at = next((n for n, chunk in enumerate(last.items) if ":" in chunk.means), None)
    if at is not None and not any(c.kind in (VALUE, PAIR) for c in test.items):
        test.items += last.items[at:]
        del last.items[at:]


def _name_behind(tests: list[Frame], cut: list[Frame]) -> None:
    """ "BP was 112 mmHg systolic and 74 mmHg diastolic": each part of a panel named behind its value."""
    panel, *parts = tests
    values = [[c for c in frame.items if c.kind == VALUE] for frame in tests]
    if not _are_parts(panel, parts) or [len(own) for own in values] != [1] * len(parts) + [0]:
        return
    for frame, following, (value,) in zip(tests, parts, values, strict=False):
        frame.items.remove(value)
        following.items.insert(following.lead, value)
    whole = tests.pop(0)
    cut.remove(whole)
    days = _days_in(whole.items)
    for frame in parts:
        frame.day = days[0].days if days else frame.day
    for chunk in (*whole.names, *whole.items):
        chunk.used = chunk.used or chunk.kind in (WHEN, NAME) or chunk.get("prep") in ("on", "in", "at")


def _are_parts(panel: Frame, parts: list[Frame]) -> bool:
    members = PANELS.get(panel.names[0].get("assay") or "", frozenset())
    return len(parts) > 1 and all(frame.names[0].get("assay") in members for frame in parts)


def _days_of_brackets(cut: list[Frame]) -> list[Frame]:
    """ "Anaemia Nov 2025 (Hb 11.5), Hb 13.2 in May": of the month before the bracket, of none outside."""
    inside: list[Frame] = []
    for before, frame in pairwise(cut):
        if frame.kind == "observation" and _opens(before) and any(")" in c.means for c in frame.items):
            inside.append(frame)
            day = before.items[-2] if len(before.items) > 1 else before.items[-1]
            since = len(before.items) > 2 and before.items[-3].get("prep") == "since"
            if day.kind == WHEN and DAYS.isdisjoint(c.kind for c in frame.items) and not since and _is_month(day):
                frame.day = day.days
    return inside


def _opens(frame: Frame) -> bool:
    return bool(frame.items) and "(" in frame.items[-1].means


def _is_month(chunk: Chunk) -> bool:
    return bool(chunk.days) and (chunk.days[0].last - chunk.days[0].first).days <= MONTH_DAYS_MAX


def _share_day(tests: list[Frame]) -> None:
    """ "Hb 11.2 and K 3.1 in May": one day, before or behind all, for the tests that have none of their own."""
    undated = [frame for frame in tests if DAYS.isdisjoint(c.kind for c in frame.items)]
    if len(tests) < 2 or not undated:
        return
    days = _days_in(tests[0].items[: tests[0].lead])
    if not days and len(undated) == len(tests) - 1 and tests[-1] not in undated:
        days = _day_behind(tests[-1])
    for frame in undated if len(days) == 1 else ():
        frame.day = days[0].days


def _heals(chunk: Chunk) -> bool:
    return "heals" in chunk.means or (chunk.get("status") == "ended" and "trend" not in chunk.means)


def _share_reading(tests: list[Frame]) -> None:
    """ "Hb 12.2 and Hct 35.1 both low": how all read is said of each test that is not said to read otherwise."""
    head = tests[0].items[: tests[0].lead]
    shared, others = [c for c in tests[-1].items if not SHARED.isdisjoint(c.means)], tests[:-1]
    if any("read" in c.means for c in head) and any(":" in c.means for c in head):
        shared, others = [c for c in head if "read" in c.means], tests[1:]  # "above the range: Na 150, Cl 112"
    elif not {"all", "read"} <= {kind for chunk in shared for kind in chunk.means}:
        return
    for frame in others:
        if all(TOLD.isdisjoint(chunk.means) for chunk in frame.items):
            frame.items += map(_copy, shared)


def _read_in_turn(tests: list[Frame]) -> None:
    """ "Temperature 39.9 and pulse 53, above and below the range": a reading each, in their order."""
    last = tests[-1].items
    reads = [chunk for chunk in last if "read" in chunk.means]
    if len(reads) != len(tests) or any("read" in c.means for frame in tests[:-1] for c in frame.items):
        return
    between = last[last.index(reads[0]) : last.index(reads[-1]) + 1]
    if any(not ({"read", "conj", "free", ","} & chunk.means.keys()) for chunk in between):
        return
    for frame, chunk in zip(tests[:-1], reads, strict=False):
        last.remove(chunk)
        at = next((n for n in range(len(frame.items), 0, -1) if frame.items[n - 1].kind in (VALUE, PAIR)), frame.lead)
        frame.items.insert(at, chunk)


def _copy(chunk: Chunk) -> Chunk:
    other = Chunk(chunk.kind, chunk.start, chunk.end, dict(chunk.means))
    other.used = False
    return other


def _days_in(items: list[Chunk]) -> list[Chunk]:
    return [chunk for chunk in items if chunk.kind == WHEN]


def _day_behind(frame: Frame) -> list[Chunk]:
    """The day that ends a frame of one value."""
    values = sum(chunk.kind in (VALUE, PAIR) for chunk in frame.items)
    is_origin = any(chunk.get("prep") in ("from", "since", "against") for chunk in frame.items[-3:])
    return _days_in(frame.items[-1:]) if values == 1 and not is_origin else []


def _tells(behind: list[Chunk]) -> bool:
    inside = takewhile(lambda chunk: ")" not in chunk.means, behind[1:])
    return any(c.kind in (WHEN, SPAN, VALUE) or "status" in c.means for c in inside)


def _bracketed(frame: Frame) -> list[Frame]:
    """ "Hypertension, asthma, stroke (2020)": a bracket right behind the last of some names is of that name alone."""
    behind = frame.items[frame.lead :]
    if frame.kind == "observation" or len(frame.names) < 2 or not behind or "(" not in behind[0].means:
        return [frame]
    if not _tells(behind) or behind[0].start != frame.names[-1].end or any("all" in c.means for c in behind):
        return [frame]
    last = Frame(frame.kind, frame.names[-1:])
    last.items, frame.items = behind, frame.items[: frame.lead]
    frame.names = frame.names[:-1]
    return [frame, last]
