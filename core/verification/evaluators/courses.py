"""Conditions, medicines and allergies: one row must bear out all that is said of one name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from core.verification.cited import Amount, Cited
from core.verification.evaluators import quantities, wording
from core.verification.evaluators.results import within
from core.verification.grammar.chunks import Quantity
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.statements import Absent, Course, Follows, Subject

ENDED = frozenset({"ended", "stopped", "completed"})
_WORDED = {"active": "active", "ended": "no longer active", "stopped": "stopped", "completed": "completed"}


class Check(NamedTuple):
    """One thing asked of a row: `true`, false, or None where the row does not say."""

    true: bool | None
    field: str
    value: str
    reason: str


def course(statement: Course, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    mine = [rows[n] for n, _ in statement.subject.bearers]
    if not mine:
        return NotInRows(f"No cited row holds “{statement.subject.words}” as a {_kind(statement.subject.kind)}.")
    checked = [(row, _checks(statement, row, rows)) for row in mine]
    whole = [row for row, checks in checked if all(check.true for check in checks)]
    if statement.every and not _dated(statement) and len(whole) < len(mine):
        whole = []
    if statement.which in ("latest", "first", "later") and whole:
        whole = [row for row in whole if _is_edge(statement.which, row, rows, others)]
    if whole:
        row = whole[0]
        return Proved(row.ref, "status", f"{wording.name(row)}, {row.standing}")
    return _against(statement, checked)


def _kind(kind: str) -> str:
    return {"prescription": "medicine"}.get(kind, kind)


def _dated(statement: Course) -> bool:
    return bool(statement.start or statement.stop or statement.at)


def _against(statement: Course, checked: list[tuple[Cited, list[Check]]]) -> Judged:
    row, checks = min(checked, key=lambda found: sum(check.true is not True for check in found[1]))
    wrong = next((check for check in checks if check.true is False), None)
    if wrong:
        return Refuted(row.ref, wrong.field, wrong.value, wording.sentence(wrong.reason))
    silent = next((check for check in checks if check.true is None), None)
    return NotInRows(silent.reason if silent else f"The cited rows do not bear out “{statement.subject.words}”.")


def _is_edge(which: str, row: Cited, rows: Sequence[Cited], others: Sequence[Cited]) -> bool:
    starts = [r.start for r in (*rows, *others) if r.type == row.type and r.start]
    if which in ("first", "later") and len(starts) < 2:
        return False
    return not starts or row.start == (min(starts) if which == "first" else max(starts))


def _checks(statement: Course, row: Cited, rows: Sequence[Cited]) -> list[Check]:
    name = wording.name(row)
    found = [_standing(statement, row)]
    for when, have, field, verb in (
        (statement.start, row.start, "start", "began"), (statement.stop, row.stop, "stop", "ended"),
    ):  # fmt: skip
        if when:
            found.append(Check(None if have is None else within(when, have), field, wording.day(have), f"{name} {verb} on {wording.day(have)}."))
    if statement.at:
        found.append(_at(statement, row))
    found += [_amount(q, statement.subject, row) for q in statement.amounts]
    if statement.frequency:
        found.append(_frequency(statement.frequency, row))
    if statement.length:
        found.append(_length(statement.length, row))
    for slot in ("severity", "criticality"):
        said = getattr(statement, slot)
        if said:
            have = str(row.fields.get(slot) or "").lower()
            found.append(Check(have == said if have else None, slot, have, f"{name}: the {slot} is recorded as {have}."))
    found += [_detail(detail, row, rows) for detail in statement.details]
    if statement.reason:
        found.append(_reason(statement.reason, row, rows))
    return found


def _standing(statement: Course, row: Cited) -> Check:
    """What is said outright; else what the tense or the days imply: a bare name stands for what is so now."""
    said, name = statement.status, wording.name(row)
    reason = f"{name} is {_WORDED.get(row.standing, 'not said to be active')}" + (f" (since {wording.day(row.stop)})." if row.stop else ".")
    if said is None and statement.former and row.standing == "active":
        return Check(None, "status", row.standing, reason)
    if said is None:
        if row.standing == "active" or statement.tense == "past" or (statement.at or statement.stop) or statement.length:
            return Check(True, "status", row.standing, reason)
        if statement.start and row.type == "prescription" and statement.tense == "past":
            return Check(True, "status", row.standing, reason)
        return Check(False if statement.tense == "present" else None, "status", row.standing, reason)
    if row.standing == "":
        return Check(None, "status", "", f"The row does not say whether {name} is active.")
    negated, said = said.startswith("not "), said.removeprefix("not ")
    if negated:
        negated, said = False, "ended" if said == "active" else "active"
    true = row.standing == "active" if said == "active" else row.standing in ENDED if said == "ended" else row.standing == said
    return Check(true != negated, "status", row.standing, reason)


def _at(statement: Course, row: Cited) -> Check:
    """A day without a word of beginning or end: the beginning, or the day of record."""
    name = wording.name(row)
    true = within(statement.at, row.start)
    ended = statement.status in ENDED and row.stop is not None and not statement.stop
    inside = row.start is not None and any(row.start <= d.last and (row.stop or date.max) >= d.first for d in statement.at)
    if not true and ended and statement.tense != "past":
        true = within(statement.at, row.stop)
    return Check(True if true else None if inside else False, "start", wording.day(row.start), f"{name} is recorded from {wording.day(row.start)}" + (f" to {wording.day(row.stop)}." if row.stop else "."))


def _amount(said: Quantity, subject: Subject, row: Cited) -> Check:
    have = [*row.name.amounts, *_doses(row)]
    mine = [amount for amount in have if _of_part(amount, subject, row)]
    true = any(_same(said, amount) for amount in mine)
    shown = str(row.fields.get("dose") or row.fields.get("medication") or "")
    same_kind = any(amount.unit and said.unit and amount.unit.kind == said.unit.kind for amount in mine)
    return Check(True if true else False if same_kind else None, "dose", shown, f"The row says {shown}.")


def _of_part(amount: Amount, subject: Subject, row: Cited) -> bool:
    """Of a medicine of several ingredients, whether the amount is of the one that is named."""
    parts = row.name.parts
    if len(parts) < 2 or amount.part >= len(parts) or amount.part < 0:
        return True
    words = {word.lower() for word in subject.words.split()}
    named = [n for n, part in enumerate(parts) if any(term in part for term in _terms(words))]
    return not named or amount.part in named


def _terms(words: set[str]) -> set[str]:
    from core.verification.vocabulary.spelling import spell, stem

    return {stem(spell(word)) for word in words}


def _same(said: Quantity, amount: Amount) -> bool:
    if said.unit is None:
        return said.value == amount.value
    return bool(amount.unit) and bool(quantities.same(said._replace(step=1e-6), amount.value, amount.unit))


def _doses(row: Cited) -> list[Amount]:
    from core.verification.cited import named

    text = " ".join(str(row.fields[f]) for f in ("dose", "instructions") if row.fields.get(f))
    return [a._replace(part=-1) for a in named((text,), None, "dose").amounts] if text else []


def _frequency(said: str, row: Cited) -> Check:
    have = frequency_of(row)
    shown = str(row.fields.get("frequency") or "")
    true = None if have is None else said in have or any(h.split()[0] == said for h in have if said != "as needed" and " " not in said)
    return Check(true, "frequency", shown, f"{wording.name(row)} is taken {shown}.")


def frequency_of(row: Cited) -> set[str] | None:
    """How often the row says, in every way that it says it."""
    from core.verification.cited import phrases_at
    from core.verification.grammar import tokens

    text = " ".join(str(row.fields[f]) for f in ("frequency", "instructions") if row.fields.get(f))
    if not text:
        return None
    words = tokens.tokens(tokens.plain(text))
    found: set[str] = set()
    i = 0
    while i < len(words):
        end, kinds = next(phrases_at(words, i), (i + 1, {}))
        if "frequency" in kinds:
            found.add(kinds["frequency"])
        i = end
    return found or None


def _length(said: Quantity, row: Cited) -> Check:
    if not (row.start and row.stop) or said.unit is None:
        return Check(None, "stop", "", f"The row does not say how long {wording.name(row)} lasted.")
    days = (row.stop - row.start).days
    slack = max(1.0, 0.35 * said.unit.size, 0.04 * said.value * said.unit.size)
    near = abs(days - said.value * said.unit.size) <= slack
    return Check(near, "stop", f"{days} days", f"{wording.name(row)} lasted {days} days.")


def _detail(detail: Subject, row: Cited, rows: Sequence[Cited]) -> Check:
    """A word of form, route, reaction or kind: the row itself must say it."""
    true = any(rows[n] is row for n, _ in detail.bearers)
    return Check(True if true else None, "name", wording.name(row), f"The row does not say “{detail.words}”.")


def _reason(reason: Subject, row: Cited, rows: Sequence[Cited]) -> Check:
    """What a medicine is for: its own reason, never another row of the record."""
    true = any(rows[n] is row for n, _ in reason.bearers)
    have = str(row.fields.get("reason") or row.fields.get("reaction") or "")
    return Check(True if true else False if have else None, "reason", have, f"{wording.name(row)}: the row gives “{have}”." if have else f"The row does not say what {wording.name(row)} is for.")


def absent(statement: Absent, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """That there is no such thing: a row that holds it refutes; rows that are cited never prove it."""
    mine = [rows[n] for n, _ in statement.subject.bearers]
    held = next((row for row in mine if row.standing == "active" or row.type == "condition"), None)
    if held is not None:
        return Refuted(held.ref, "name", wording.name(held), wording.sentence(f"the record holds {wording.name(held)} from {wording.day(held.start)}."))
    return NotInRows("No row can say that something is absent from the record.")


def follows(statement: Follows, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """The order of two beginnings, by all rows that the names may mean."""
    firsts = [rows[n].start for n, _ in statement.subject.bearers]
    seconds = [rows[n].start for n, _ in statement.other.bearers]
    pairs = [(a, b) for a in firsts for b in seconds if a and b]
    if not pairs:
        return NotInRows("The cited rows do not hold both days.")
    test = {"before": lambda a, b: a < b, "after": lambda a, b: a > b, "same": lambda a, b: a == b}[statement.order]
    if any(test(a, b) for a, b in pairs):
        return Proved(rows[statement.subject.bearers[0][0]].ref, "start", wording.day(pairs[0][0]))
    a, b = pairs[0]
    return Refuted(rows[statement.subject.bearers[0][0]].ref, "start", wording.day(a), f"The days are {wording.day(a)} and {wording.day(b)}.")
