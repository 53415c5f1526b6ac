"""How often a medicine is taken: "twice daily", "bd" and "every 12 hours" are the same, "once daily" is not."""

from core.verification import lexicon
from core.verification.facts import Facts
from core.verification.reading import Reading
from core.verification.text import WORD, stem

_WEAK = frozenset({"a day", "per day", "each day", "every day", "daily", "weekly", "monthly"})


def check(reading: Reading) -> None:
    """Account for each frequency before its numbers are read: the three of "three times a day" counts nothing."""
    for first, end, meaning in reading.phrases or ():
        if meaning.startswith("frequency:") and not all(token.done for token in reading.tokens[first:end]):
            _judge(reading, first, end, meaning)


def _judge(reading: Reading, first: int, end: int, meaning: str) -> None:
    written = reading.claim.text[reading.tokens[first].start : reading.tokens[end - 1].end]
    facts = _about(reading, first)
    same = next((fact for fact in facts if fact.flags_of(meaning)), None)
    if same is None:
        stems = [stem(token.norm) for token in reading.tokens[first:end] if token.kind == WORD]
        same = next((fact for fact in facts if stems and all(fact.flags_of(s) for s in stems)), None)
    if same is not None:
        reading.right(f"The cited row says {written}.", first, end, same)
        return
    other = next(
        (term for fact in facts for s in fact.sentences for term in s.words if term.startswith("frequency:")), None
    )
    if other:
        reading.wrong(f"The claim says {written}; the cited row says {_worded(other)}.", first, end, facts[0])
    elif written.lower() not in _WEAK or any(fact.type == "prescription" for fact in facts):
        reading.silent(f"No cited row says how often ({written}).", first, end)


def _about(reading: Reading, i: int) -> list[Facts]:
    mention = reading.mention_of(
        i, [m for m in reading.mentions if any(f.type in ("prescription", "note") for f in m.facts)]
    )
    facts = mention.facts if mention else reading.facts
    return facts + [fact for fact in reading.facts if fact.type == "note" and fact not in facts]


def _worded(meaning: str) -> str:
    count, _, per = lexicon.name_of(meaning).partition("/")
    units = {
        "d": "a day",
        "w": "a week",
        "m": "a month",
        "2d": "every two days",
        "2w": "every two weeks",
        "3m": "every three months",
    }
    unit, _, when = per.partition(" ")
    return f"{count} times {units[unit]}{' at ' + when if when else ''}" if unit in units else lexicon.name_of(meaning)
