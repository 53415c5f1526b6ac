"""Standing of a condition, medicine or allergy: active, stopped, completed, resolved."""

from core.verification.facts import Facts
from core.verification.reading import Mention, Reading
from core.verification.text import DATE
from core.verification.words import COUNTED, NUMBER_WORDS, STATUS_LEADS, STATUS_WORDS

_OVER = frozenset({"stopped", "completed", "ended", "cancelled", "entered-in-error", "draft", "unknown"})
_HAS_STANDING = frozenset({"condition", "prescription", "allergy"})
_DONE_NOW = frozenset({"taken", "used", "prescribed", "given"})
_WORDS = STATUS_WORDS.keys() | _DONE_NOW | {"longer"}
_NOW = frozenset({"has", "have", "uses", "receives", "suffers"})
_SOFTENED = frozenset({"history", "been", "past", "no", "recorded", "prescribed"})
_NOT, _SINCE = frozenset({"not"}), frozenset({"since"})
_TAKING = frozenset({"takes", "taking", "taken", "uses", "using", "used", "has", "receives", "prescribed", "active"})
_OVER_WORDS = frozenset({"resolved", "ended", "inactive", "completed", "stopped", "history"})
_PRESENT = frozenset({"has", "is", "are", "have", "suffers", "uses", "receives", "receiving", "remains", "lives"})
_PAST = frozenset({"was", "were", "had", "previous", "previously", "past", "former", "formerly", "been"})


def check(reading: Reading) -> None:
    for i, token in reading.having(_WORDS):
        said = STATUS_WORDS.get(token.norm)
        if token.norm == "longer" and reading.before(i, 1) == ["no"]:
            said = "ended"
            reading.done(i - 1)
            _consume_next(reading, i)
        if _counted(reading, i, said):
            continue
        if token.norm in ("remain", "remains", "now") and set(reading.after(i, 2)) & _WORDS:
            reading.done(i)
            continue
        if token.norm in _DONE_NOW and reading.before(i, 1) in (["is"], ["are"], ["being"]):
            said = "active"
        if said:
            _judge(reading, i, said)
    _bare_denial(reading)
    _present_tense(reading)
    _ongoing_since(reading)


def _counted(reading: Reading, i: int, said: str | None) -> bool:
    """ "Two active conditions and one resolved": how many have that standing is what is said of them."""
    count = NUMBER_WORDS.get(reading.before(i, 1)[0] if i else "")
    if count is None or said not in ("active", "ended", "stopped"):
        return False
    kinds = {kind for token in reading.tokens if (kind := COUNTED.get(token.norm)) in _HAS_STANDING}
    having = [f for f in reading.facts if f.type in (kinds or _HAS_STANDING) and _stands(said, f.standing)]
    (reading.right if len(having) == count else reading.wrong)(
        f"{len(having)} of the cited rows are {reading.tokens[i].text}.", i - 1, i + 1
    )
    return True


def _stands(said: str, standing: str | None) -> bool:
    return standing == "active" if said == "active" else standing in _OVER


def _bare_denial(reading: Reading) -> None:
    """ "A is a current medicine; B is not."."""
    for i, _ in reading.having(_NOT):
        if reading.before(i, 1) not in (["is"], ["are"]) or reading.after(i, 1) not in ([], ["."], [";"]):
            continue
        said = next((STATUS_WORDS[t.norm] for t in reading.tokens[:i][::-1] if t.norm in STATUS_WORDS), None)
        mention = reading.mention_of(i)
        facts = [f for f in mention.facts if f.type in _HAS_STANDING and f.standing] if mention else []
        if said != "active" or not facts:
            continue
        bad = next((fact for fact in facts if fact.standing not in _OVER), None)
        (reading.wrong if bad else reading.right)(f"{facts[0].name} is {_worded(facts[0])}.", i, None, bad or facts[0])


def _consume_next(reading: Reading, i: int) -> None:
    if reading.tokens[i + 1 : i + 2] and reading.tokens[i + 1].norm in (
        "taken",
        "taking",
        "takes",
        "active",
        "current",
        "used",
        "on",
        "prescribed",
    ):
        reading.done(i + 1)


def _judge(reading: Reading, i: int, said: str) -> None:
    facts = _about(reading, i)
    if reading.tokens[i].norm in ("takes", "taking"):
        facts = [fact for fact in facts if fact.type == "prescription"]
        if not facts and not any(fact.type == "note" for fact in reading.facts):
            reading.silent("No cited row is a medicine that the patient takes.", i)
    if not facts:
        return
    denied = _denied(reading, i)
    known = [fact for fact in facts if fact.standing]
    if not known:
        reading.silent(f"The cited row does not say whether it is {reading.tokens[i].text}.", i)
        return
    if reading.tokens[i].norm == "taking" and set(reading.before(i, 1)) & {"was", "were"}:
        reading.done(i)
        return
    if denied:
        bad = next((fact for fact in known if (fact.standing in _OVER) is (said != "active")), None)
    else:
        bad = next((fact for fact in known if not _fits(reading, i, said, fact)), None)
    if bad is None:
        reading.right(f"{known[0].name} is {_worded(known[0])}.", i, None, known[0], _worded(known[0]))
    else:
        reading.wrong(f"{bad.name} is {_worded(bad)}, not {reading.tokens[i].text}.", i, None, bad, _worded(bad))


def _denied(reading: Reading, i: int) -> bool:
    """Whether the word is denied; the denial is then accounted for."""
    for n in range(max(0, i - 3), i):
        if reading.tokens[n].norm in ("not", "never", "isn't", "wasn't", "hasn't"):
            reading.done(n)
            return True
    neither = [n for n in reading.span_of(i) if n < i and reading.tokens[n].norm in ("neither", "nor", "none")]
    for n in neither:
        reading.done(n)
    return bool(neither)


def _about(reading: Reading, i: int) -> list[Facts]:
    named = [m for m in reading.mentions if any(f.type in _HAS_STANDING for f in m.facts)]
    following = next((m for m in named if i < m.first <= i + 5), None)
    leads = STATUS_LEADS | _TAKING if reading.tokens[i].norm == "longer" else STATUS_LEADS
    if following and not all(token.norm in leads for token in reading.tokens[i + 1 : following.first]):
        following = None
    mention = following or reading.mention_of(i, named)
    facts = list(mention.facts) if mention else reading.facts
    if not following:
        facts = facts + _listed_before(reading, mention, named, i)
    if mention is not None and mention.first > i:
        facts += _listed_after(reading, mention, named)
    return [fact for fact in facts if fact.type in _HAS_STANDING]


def _listed_before(reading: Reading, mention: Mention | None, named: list[Mention], i: int) -> list[Facts]:
    """ "A and B have been stopped" speaks of both."""
    facts: list[Facts] = []
    while mention is not None and mention.end <= i:
        earlier = next((m for m in reversed(named) if m.end <= mention.first), None)
        between = reading.tokens[earlier.end : mention.first] if earlier else []
        if not between or not {token.norm for token in between} <= {",", "and", "nor", "or", "both", "the"}:
            break
        facts += earlier.facts if earlier else []
        mention = earlier
    return facts


def _listed_after(reading: Reading, mention: Mention, named: list[Mention]) -> list[Facts]:
    """ "active problems: A, B and C" speaks of all three."""
    facts, end = [], mention.end
    for following in named:
        if following.first < end:
            continue
        between = [token.norm for token in reading.tokens[end : following.first]]
        if not set(between) <= {",", "and", "&", "the", "a", "also", "as", "well", "plus", "mg"} or not between:
            break
        facts += following.facts
        end = following.end
    return facts


def _fits(reading: Reading, i: int, said: str, fact: Facts) -> bool:
    standing = fact.standing or ""
    if said == "active":
        return standing not in _OVER and standing != "on-hold"
    if said == "ended":
        return standing in _OVER
    if said == "stopped" and _spans(reading, i):
        return False
    if said == "stopped" and standing in ("completed", "ended"):
        explicit = str(fact.fields.get("status") or "").lower() == "completed"
        return not explicit or _dated_stop(reading, i, fact)
    if said == "completed" and standing == "ended":
        return True
    return standing == said


def _spans(reading: Reading, i: int) -> bool:
    """ "stopped from A to B" says something else than taken from A to B."""
    following = [reading.tokens[n].kind == DATE for n in reading.span_of(i) if n > i]
    return reading.after(i, 1) == ["from"] and sum(following) > 1


def _dated_stop(reading: Reading, i: int, fact: Facts) -> bool:
    stop = fact.day("stop")
    return stop is not None and any(token.kind == DATE for token in reading.tokens[i + 1 : i + 3])


def _present_tense(reading: Reading) -> None:
    """ "has X", "is on X" of something that is over."""
    for mention in reading.mentions:
        over = [fact for fact in mention.facts if fact.type in _HAS_STANDING and fact.standing in _OVER]
        if len(over) != len(mention.facts) or not over:
            continue
        if _speaks_of_now(reading, mention) and not _ended_in_text(reading, over[0]):
            text = f"{over[0].name} is {_worded(over[0])}; the claim speaks of it as present."
            reading.wrong(text, mention.first, mention.end, over[0])


def _speaks_of_now(reading: Reading, mention: Mention) -> bool:
    words = reading.before(mention.first, 4)
    verb = next((word for word in words if word in _PRESENT or word in _PAST), None)
    if verb not in _NOW and words[:2] not in (["on", "is"], ["with", "lives"]):
        return False
    return not _SOFTENED & set(words) and not _OVER_WORDS & {token.norm for token in reading.tokens}


def _ended_in_text(reading: Reading, fact: Facts) -> bool:
    return any(
        reading.tokens[i].done and token.kind == DATE and fact.day("stop") is not None
        for i, token in enumerate(reading.tokens)
    ) and any(t.norm in ("to", "until", "till", "-") for t in reading.tokens)


def _ongoing_since(reading: Reading) -> None:
    """ "X since March 2015" says that it goes on."""
    for i, _ in reading.having(_SINCE):
        if not reading.tokens[i + 1 : i + 2] or reading.tokens[i + 1].kind != DATE:
            continue
        facts = _about(reading, i)
        if facts and all(fact.standing in _OVER for fact in facts):
            reading.wrong(f"{facts[0].name} is {_worded(facts[0])}; “since” says that it goes on.", i, None, facts[0])


def _worded(fact: Facts) -> str:
    if fact.standing == "ended" and fact.type == "condition":
        return "resolved"
    return {"ended": "no longer current"}.get(fact.standing or "", fact.standing or "")
