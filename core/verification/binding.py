"""Which name each number belongs to: "sodium and potassium were 141 and 4.2", "a 5.8 % HbA1c"."""

from core.verification.reading import Mention, Reading
from core.verification.text import NUMBER, PAIR

Item = tuple[int, Mention | None]


def bind(reading: Reading, kinds: tuple[str, ...] = ("observation", "prescription")) -> dict[int, Mention]:
    """Token index of a number -> what it is the number of. Numbers that nothing names are left out."""
    bound: dict[int, Mention] = {}
    carried: Mention | None = None
    for items in _sentences(reading, kinds):
        runs = _runs(items)
        leading = len(runs) > 1 and runs[0][0][1] is None and runs[-1][-1][1] is not None and len(runs) % 2 == 0
        for place, run in enumerate(runs):
            if run[0][1] is not None:
                carried = run[-1][1]
                continue
            names = _names_for(runs, place, leading)
            for nth, (i, _) in enumerate(run):
                mention = names[nth] if len(names) == len(run) > 1 else names[-1] if names else carried
                if mention is not None:
                    bound[i] = mention
    return bound


def _sentences(reading: Reading, kinds: tuple[str, ...]) -> list[list[Item]]:
    named = {m.first: m for m in reading.mentions if any(f.type in kinds for f in m.facts)}
    sentences: dict[int, list[Item]] = {}
    for i, token in enumerate(reading.tokens):
        if i in named:
            sentences.setdefault(reading.sentence(i), []).append((i, named[i]))
        elif token.kind in (NUMBER, PAIR) and not token.done:
            sentences.setdefault(reading.sentence(i), []).append((i, None))
    return list(sentences.values())


def _runs(items: list[Item]) -> list[list[Item]]:
    runs: list[list[Item]] = []
    for item in items:
        if runs and (runs[-1][0][1] is None) == (item[1] is None):
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _names_for(runs: list[list[Item]], place: int, leading: bool) -> list[Mention]:
    near = place + 1 if leading or place == 0 else place - 1
    if not 0 <= near < len(runs):
        return []
    return [mention for _, mention in runs[near] if mention is not None]
