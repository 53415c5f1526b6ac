"""Change over time: rose, fell, stable, doubled, highest, by how much; from the cited results by their dates."""

from datetime import date
from itertools import pairwise

from core.verification import ranges, words
from core.verification.facts import Facts
from core.verification.reading import Reading
from core.verification.tables.assays import ASSAYS
from core.verification.text import NUMBER, stem

_STEADY = {assay.key: assay.steady for assay in ASSAYS}
_WORSE = {assay.key: assay.worse for assay in ASSAYS}
STEADY_DEFAULT = 0.05
# "Unchanged" says more than "stable".
SAME = 0.01
_SAME_WORDS = frozenset({"unchanged", "constant"})
_FACTORS = {"doubled": 2.0, "tripled": 3.0, "halved": 0.5, "doubling": 2.0, "quadrupled": 4.0}
FACTOR_SLACK = 0.1
_DIRECTION = {**dict.fromkeys(words.RISE, 1), **dict.fromkeys(words.FALL, -1), **dict.fromkeys(words.STEADY, 0)}
_JUDGED = {**dict.fromkeys(words.BETTER, "better"), **dict.fromkeys(words.WORSE, "worse")}
_EITHER = words.HIGH | words.LOW
_UPRIGHT = frozenset({"up", "down", "higher", "lower", "better", "constant", "flat"})
_GRADUAL = frozenset({"steadily", "progressively", "consistently", "gradually", "progressive", "gradual", "steady"})
_RECOVERED = frozenset({"recovered", "normalized", "corrected"})
_NOT_MUCH = frozenset({"no", "not", "without", "little", "minimally", "barely", "hardly"})
UNMOVED = frozenset({"change", "changed", "difference", "changes"})
_WORDS = _FACTORS.keys() | _DIRECTION.keys() | _JUDGED.keys() | _RECOVERED | UNMOVED

Point = tuple[date, float, Facts]


def check(reading: Reading) -> None:
    for i, token in reading.having(_WORDS):
        norm = token.norm
        if norm in _FACTORS:
            _factor(reading, i, _FACTORS[norm])
        elif norm in _RECOVERED and len(points := points_of(reading, i)) > 1:
            _recovery(reading, i, points)
        elif norm in UNMOVED and set(reading.before(i, 3) + reading.after(i, 2)) & _NOT_MUCH:
            _settle(reading, i, 0)
            _absorb_negation(reading, i)
        elif norm in words.FALL and set(reading.after(i, 1)) & {"within", "in", "inside", "outside", "below", "above"}:
            reading.done(i)
        elif norm in _DIRECTION or norm in _JUDGED:
            _direction(reading, i, norm)


def _direction(reading: Reading, i: int, norm: str) -> None:
    points = points_of(reading, i)
    if len(points) < 2:
        if norm not in _EITHER and norm not in _UPRIGHT and not in_text(reading, i):
            reading.silent(f"“{reading.tokens[i].text}” needs two dated results; the claim does not cite them.", i)
        return
    if (norm in _UPRIGHT or norm in _EITHER) and not _compares(reading, i):
        return
    wanted = _DIRECTION.get(norm)
    if wanted is None:
        wanted = _judged(norm, points)
    if wanted is None:
        reading.unsure(f"Whether {points[0][2].name} has {norm} is a judgement the row does not make.", i)
    elif _negated(reading, i):
        _absorb_negation(reading, i)
        (reading.wrong if _moved(points) == wanted else reading.right)(say(points), i, None, points[-1][2])
    else:
        _settle(reading, i, wanted)


def _recovery(reading: Reading, i: int, points: list[Point]) -> None:
    """ "Normalised", "recovered": out of range before, within it now."""
    before, now = ranges.standing(points[0][2]), ranges.standing(points[-1][2])
    if before in ("high", "low", "abnormal") and now == "normal":
        reading.right(say(points), i, None, points[-1][2])
    else:
        reading.wrong(
            f"{say(points)} It was {before or 'unranged'} and is {now or 'unranged'}.", i, None, points[-1][2]
        )


def _judged(norm: str, points: list[Point]) -> int | None:
    """The direction that "improved" or "worsened" means for a test; where both can be bad, by the distance from its
    range; None if there is no telling."""
    better = -1 if _JUDGED[norm] == "worse" else 1
    worse = _WORSE.get(points[0][2].assay or "")
    if worse is not None:
        return better * (-1 if worse == "up" else 1)
    before, now = ranges.outside_by(points[0][2]), ranges.outside_by(points[-1][2])
    if before is None or now is None or before == now:
        return None
    moved = 1 if points[-1][1] > points[0][1] else -1
    return moved if (now < before) == (better == 1) else -moved


def _settle(reading: Reading, i: int, wanted: int) -> None:
    points = points_of(reading, i)
    if len(points) < 2:
        reading.silent("A statement about change needs two dated results; the claim does not cite them.", i)
        return
    if wanted == 0:
        if _in_band(points, reading.tokens[i].norm):
            reading.right(say(points), i, None, points[-1][2])
        else:
            reading.wrong(f"Not stable: {say(points)}", i, None, points[-1][2])
    elif (points[-1][1] - points[0][1]) * wanted > 0 and _keeps(reading, points, wanted):
        reading.right(say(points), i, None, points[-1][2])
    else:
        reading.wrong(f"The direction is wrong: {say(points)}", i, None, points[-1][2])


def _keeps(reading: Reading, points: list[Point], wanted: int) -> bool:
    gradual = [i for i, token in enumerate(reading.tokens) if token.norm in _GRADUAL]
    if not gradual:
        return True
    for i in gradual:
        reading.done(i)
    return all((b[1] - a[1]) * wanted >= 0 for a, b in pairwise(points))


def _compares(reading: Reading, i: int) -> bool:
    """Whether a word like "up", "lower" or "increased" is about change here: beside a from, a to, a by or a than."""
    near = set(reading.after(i, 4)) | set(reading.before(i, 2))
    if any(reading.tokens[n].norm in ("compared", "than") for n in reading.span_of(i)):
        return True
    return bool(near & {"from", "than", "by", "over", "between", "since", "compared", "to", "steadily"}) or _multi(
        reading, i
    )


def _multi(reading: Reading, i: int) -> bool:
    numbers = [n for n in reading.span_of(i) if reading.tokens[n].kind == NUMBER]
    return len(numbers) > 1


def points_of(reading: Reading, i: int) -> list[Point]:
    """The dated values a trend word is about, oldest first; if the claim states two of them, those."""
    mention = reading.mention_of(i, [m for m in reading.mentions if any(f.value is not None for f in m.facts)])
    facts = mention.facts if mention else reading.facts
    points = dated(facts)
    keys = [_series(fact) for _, _, fact in points]
    if len(set(keys)) > 1:
        points = [p for p in points if keys.count(_series(p[2])) > 1]
    stated = [p for p in points if _stated(reading, p[2])]
    return stated if len(stated) > 1 else points


def _series(fact: Facts) -> str:
    """What makes results, or strengths of a medicine, values of one thing."""
    return fact.name.split()[0].lower() if fact.type == "prescription" else fact.assay or fact.name


def _stated(reading: Reading, fact: Facts) -> bool:
    return any(f.row_ref == fact.ref and f.quote == fact.shown() for f in reading.findings)


def dated(facts: list[Facts]) -> list[Point]:
    points = []
    for fact in facts:
        day = fact.first_day()
        if fact.value is not None and day is not None:
            points.append((day, fact.value, fact))
        elif fact.type == "prescription" and day is not None:
            strengths = [n.value for s in fact.sentences for n in s.numbers if n.unit and n.unit.kind == "mass"]
            if strengths:
                points.append((day, strengths[0], fact))
    points.sort(key=lambda point: (point[0], str(point[2].fields.get("observed_at", ""))))
    return points


def _moved(points: list[Point]) -> int:
    if _in_band(points):
        return 0
    return 1 if points[-1][1] > points[0][1] else -1


def _in_band(points: list[Point], word: str = "") -> bool:
    allowed = SAME if word in _SAME_WORDS else _STEADY.get(points[0][2].assay or "", STEADY_DEFAULT)
    low, high = min(p[1] for p in points), max(p[1] for p in points)
    return high - low <= allowed * max(abs(high), abs(low)) + 1e-9


def _factor(reading: Reading, i: int, factor: float) -> None:
    points = points_of(reading, i)
    if len(points) < 2 or not points[0][1]:
        reading.silent(f"“{reading.tokens[i].text}” needs two dated results; the claim does not cite them.", i)
    elif abs(points[-1][1] / points[0][1] - factor) <= FACTOR_SLACK * factor:
        reading.right(say(points), i, None, points[-1][2])
    else:
        reading.wrong(f"Not {reading.tokens[i].text}: {say(points)}", i, None, points[-1][2])


def _negated(reading: Reading, i: int) -> bool:
    return bool(set(reading.before(i, 3)) & {"not", "no", "never", "without"})


def _absorb_negation(reading: Reading, i: int) -> None:
    for n in range(max(0, i - 3), min(len(reading.tokens), i + 3)):
        if reading.tokens[n].norm in _NOT_MUCH or reading.tokens[n].norm in ("never", "significant", "material"):
            reading.done(n)


def in_text(reading: Reading, i: int) -> bool:
    term = stem(reading.tokens[i].norm)
    return any(fact.flags_of(term) for fact in reading.facts if fact.type != "observation" or fact.value_text)


def say(points: list[Point]) -> str:
    first, last = points[0], points[-1]
    return f"{last[2].name} went from {first[2].shown()} to {last[2].shown()}."
