"""A reader's statement to the statements that the evaluators judge: one function a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from core.verification.dates import When
from core.verification.grammar import deaths, scope, texts
from core.verification.grammar.chunk import Quantity
from core.verification.grammar.times import hull
from core.verification.second_reader import meanings, results, said_days, subjects
from core.verification.second_reader.meanings import Unread, Words
from core.verification.second_reader.placed import Placed
from core.verification.second_reader.sentence import Sentence, Span
from core.verification.statements import (
    Absent,
    Changed,
    Counted,
    Course,
    Died,
    Follows,
    Person,
    Saying,
    Spaced,
    Statement,
    Subject,
    Took,
)

SINCE = frozenset({"since", "from"})
TWO = 2
# What a medicine "for" a test is for.
TREATED = {"blood pressure": "hypertension", "total cholesterol": "hyperlipidemia", "cholesterol": "hyperlipidemia"}
LIMITS = frozenset({"under", "over", "at least", "at most", "up to"})


def condition(placed: Placed) -> Iterator[Statement]:
    """A condition, or a symptom that a result answers."""
    finding = _as_finding(placed)
    return course(placed) if finding is None else iter((finding,))


def course(placed: Placed) -> Iterator[Statement]:
    """What is said of one condition, medicine or allergy."""
    about = placed.name()
    kind = {"medicine": "prescription"}.get(placed.kind, placed.kind)
    subject, details = _named_course(placed, kind)
    words = placed.get("status")
    status = meanings.status(words) if words else None
    start, stop, at = _times(placed)
    amounts = [quantity for dose in placed.all("dose") for quantity in meanings.quantities(dose)]
    amounts += [chunk.quantity for chunk in about.chunks if chunk.quantity is not None]
    former = words is not None and status is None
    often = tuple(one for words in placed.all("frequency") for one in meanings.frequencies(words))
    yield Course(
        placed.span, subject, status, "past" if former or _only_began(placed, status, start) else None, start, stop, at,
        tuple(amounts), often, details, _reason(placed), placed.quantity("length"),
        _slot(placed, "severity", frozenset({"mild", "moderate", "severe"})),
        _slot(placed, "criticality", frozenset({"low", "high"})), placed.every, results.which_of(placed), former,
    )  # fmt: skip


def _as_finding(placed: Placed) -> Took | None:
    """A symptom that no row has by name, and that a result of the day answers: "orthopnoea"."""
    roles = {role for role, _ in placed.parts}
    bearers = [(n, how) for name in placed.named().names for n, how in name.bearers]
    answers = tuple((n, how) for n, how in bearers if placed.sentence.rows[n].type == "observation")
    if placed.kind != "condition" or not answers or len(answers) < len(bearers) or not roles <= {"when", "said"}:
        return None
    return Took(placed.span, Subject(placed.name().text, "observation", answers), placed.when())


def _named_course(placed: Placed, kind: str) -> tuple[Subject, tuple[Subject, ...]]:
    """The name with the details that are part of it, and the details that are not."""
    about, left = placed.named(), []
    for words in [part for role in ("route", "detail", "reaction") for part in placed.all(role)]:
        whole = subjects.narrowed(about, words)
        if whole is None:
            left.append(words)
        else:
            about = whole
            words.accounted |= {"neg", "unknown", "which", "status", "degree"}
    for words in left:
        words.unread = not (words.names or subjects.is_borne(words))
    return subjects.course(about, kind), tuple(subjects.detail(words) for words in left if not words.unread)


def _times(placed: Placed) -> tuple[When, When, When]:
    """Beginning, end, and a day that is said to be neither."""
    words = placed.get("when")
    first, last = said_days.days(words) if words else ((), ())
    start, stop = placed.when("start"), placed.when("end")
    return (first, last, ()) if last and not (start or stop) else (start, stop, first)


def _only_began(placed: Placed, status: str | None, start: When) -> bool:
    """Whether it is only said that something began: "since" says that it still is so."""
    words = placed.get("start")
    if status is not None or not start or words is None:
        return False
    chunks = placed.sentence.chunks
    at = chunks.index(words.chunks[0])
    before = [*chunks[max(0, at - 2) : at], *words.chunks]
    return not any(chunk.means.get("prep") in SINCE or "take" in chunk.means for chunk in before)


def _slot(placed: Placed, role: str, allowed: frozenset[str] = frozenset()) -> str | None:
    words = placed.get(role)
    return meanings.one_of(words, role, allowed) if words else None


def _reason(placed: Placed) -> Subject | None:
    words = placed.get("reason")
    if words is None:
        return None
    treated = {TREATED[test_] for test_ in words.meanings("assay") if test_ in TREATED}
    if placed.kind == "medicine" and treated and not any(name.bearers for name in words.names):
        words.accounted |= {"name"}
        found = subjects.detail(subjects.of_text(treated.pop(), placed.sentence), kind="reason")
        return replace(found, words=words.text)
    return subjects.detail(words, kind="reason")


def changed(placed: Placed) -> Iterator[Statement]:
    """A medicine that went from one dose to another."""
    after, before, words = placed.quantity("to_dose"), placed.quantity("from_dose"), placed.get("direction")
    if words is not None and meanings.is_unchanged(words):
        yield _unchanged(placed, after or before)
        return
    if after is None or words is None:
        raise Unread("what the dose became")
    subject = subjects.course(placed.named(), "prescription")
    unit = after.unit or (before.unit if before else None)
    first = before._replace(unit=before.unit or unit) if before else None
    way = meanings.direction(words)
    yield Changed(placed.span, subject, way, first, after._replace(unit=unit), placed.when())


def _unchanged(placed: Placed, amount: Quantity | None) -> Changed:
    """That a medicine went on at its dose; "the year before" says no more than that there was one."""
    subject = subjects.course(placed.named(), "prescription")
    return Changed(placed.span, subject, "same", None, amount, placed.when())


def visit(placed: Placed) -> Iterator[Statement]:
    """A visit; one that only says where a test was done, where no visit is cited, says nothing of its own."""
    subject = subjects.visit(placed.named())
    is_cited = any(row.type == "visit" for row in placed.sentence.rows)
    if not is_cited and not placed.name().names and not placed.all("reason"):
        return
    words = placed.get("when")
    first, last = said_days.days(words) if words else ((), ())
    yield Took(
        placed.span, subject, first, placed.when("end") or last, _occasion(placed), results.which_of(placed),
        placed.quantity("length"),
    )  # fmt: skip


def _occasion(placed: Placed) -> Subject | None:
    """What a visit was for, which its own name may say too: "Drug rehabilitation and detoxification"."""
    reason, words = _reason(placed), placed.get("reason")
    if reason is None or words is None or reason.bearers:
        return reason
    return replace(reason, bearers=subjects.visit(words).bearers if words.names else ())


def counted(placed: Placed) -> Iterator[Statement]:
    """How many there are."""
    words = placed.get("count")
    if words is None:
        raise Unread("how many")
    subject = subjects.counted(placed.named())
    start, stop = placed.when("start"), placed.when("end")
    said = placed.get("status")
    over = hull(start, stop) if start and stop else placed.when()
    yield Counted(placed.span, subject, meanings.number(words), over, meanings.status(said) if said else None)


def order(placed: Placed) -> Iterator[Statement]:
    """One thing before or after another, or on the same day."""
    other = placed.get("other")
    words = placed.get("order")
    if other is None or words is None or words.means not in ("before", "after", "same"):
        raise Unread("in which order")
    said = words.meanings("prep") & {"before", "after"} | ({"same"} if words.has(("same day",)) else set())
    if said and said != {words.means}:
        raise Unread(f"“{words.text}”")
    first, second = subjects.detail(placed.name(), kind="order"), subjects.detail(other, kind="other")
    yield Follows(placed.span, first, second, words.means)


def person(placed: Placed) -> Iterator[Statement]:
    """Sex, day of birth, age, name: each one for itself."""
    written = placed.about.text if placed.about else ""
    subject = subjects.person(placed.sentence, written)
    for words in placed.all("sex"):
        said = words.meanings("sex") | words.meanings("pronoun")
        if len(said) != 1:
            raise Unread(f"“{words.text}”")
        yield Person(placed.span, subject, said.pop(), open=words.has(("pronoun",)))
    if placed.all("born"):
        yield Person(placed.span, subject, born=placed.when("born"))
    for words in placed.all("age"):
        yield Person(placed.span, subject, age=meanings.age(words), when=placed.when())
    if placed.all("name"):
        yield Person(placed.span, subjects.detail(placed.all("name")[0], kind="patient"))


def died(placed: Placed) -> Iterator[Statement]:
    """A death, where a cited row records one."""
    found = tuple(deaths.bearers(placed.sentence.rows))
    if not found:
        raise Unread("a death that no cited row records")
    yield Died(placed.span, Subject(placed.text, "death", found), placed.when(), _reason(placed))


def apart(placed: Placed) -> Iterator[Statement]:
    """How far apart visits lie; "less than a year" is no length."""
    length, subject = placed.quantity("length"), subjects.visit(placed.named())
    inside = Words(placed.sentence, placed.span, "")
    limited = inside.has(("neg", "side")) or LIMITS & inside.meanings("prep")
    if length is None or limited or len(subject.bearers) < TWO:
        raise Unread("how far apart")
    yield Spaced(placed.span, subject, length)


def absent(placed: Placed) -> Iterator[Statement]:
    """That there is no such thing; "no known allergies" is what a row may say."""
    words = Words(placed.sentence, placed.span, "")
    if words.has(("no allergies",)):
        yield Course(placed.span, subjects.course(words, "allergy"), status="active")
        return
    if placed.about is None or not placed.negated:
        raise Unread("what there is none of")
    yield Absent(placed.span, subjects.course(placed.about, "condition"))


def told(placed: Placed) -> Iterator[Statement]:
    """What a text says: each clause under the same negation as there."""
    yield from sayings(placed.sentence, placed.span)


def sayings(sentence: Sentence, span: Span) -> list[Saying]:
    """The clauses of a span as a text might say them; none where a negation stands under another."""
    words, flags = sentence.words, sentence.flags([span])
    inside = [i for i, word in enumerate(words) if span[0] <= word.start < span[1]]
    if not inside or not scope.is_sound(words, scope.flags_of(words)):
        return []
    subject = Subject(sentence.text[slice(*span)], "text", ())
    parts = texts.clauses(words, inside[0], inside[-1] + 1)
    return [Saying(span, subject, (texts.said(words, flags, first, end),)) for first, end in parts]


BUILDERS: dict[str, Callable[[Placed], Iterator[Statement]]] = {
    "result": results.result, "trend": results.trend, "every": results.every, "range": results.ranged,
    "condition": condition, "medicine": course,
    "allergy": course, "dose_change": changed, "visit": visit, "count": counted, "order": order, "person": person,
    "absence": absent, "note": told, "judgement": told, "death": died, "apart": apart,
}  # fmt: skip
