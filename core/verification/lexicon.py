"""Phrases to meanings. One phrase has one meaning; the longest phrase wins."""

from collections.abc import Iterable, Sequence

from core.verification.tables import assays, medicines, phrases
from core.verification.text import WORD, Token, spell, tokens

_PHRASES: dict[str, list[tuple[tuple[str, ...], str]]] = {}


def _norms(phrase: str) -> tuple[str, ...]:
    return tuple(token.norm for token in tokens(phrase) if token.kind == WORD or token.text.isdigit())


def _add(phrase: str, meaning: str) -> None:
    first, *rest = _norms(phrase)
    known = _PHRASES.setdefault(first, [])
    if not any(words == tuple(rest) for words, _ in known):
        known.append((tuple(rest), meaning))


def _add_lines(lines: Iterable[tuple[str, ...]], kind: str) -> None:
    for line in lines:
        for phrase in line:
            _add(phrase, f"{kind}:{line[0]}")
        if kind == "assay":
            for phrase in line:
                _add(f"{phrase} count", f"{kind}:{line[0]}")


def _fill() -> None:
    for assay in assays.ASSAYS:
        _add_lines([(assay.key, *assay.names)], "assay")
    _add_lines([(key, *names) for key, names in assays.GROUP_NAMES.items()], "assay")
    _add_lines(medicines.SAME_MEDICINE, "medicine")
    _add_lines([(key, *names) for key, names in medicines.FREQUENCIES.items() if key], "frequency")
    _add_lines([(brand,) for brand in medicines.BRANDS], "brand")
    _add_lines([("no known allergies", *phrases.NO_ALLERGIES)], "allergies")
    for lines, kind in (
        (phrases.RESULTS, "result"), (phrases.CONDITIONS, "condition"), (phrases.FINDINGS, "finding"),
        (phrases.SUBSTANCES, "substance"), (phrases.ROUTES, "route"), (phrases.VISITS, "visit"),
    ):  # fmt: skip
        _add_lines(lines, kind)
    for known in _PHRASES.values():
        known.sort(key=lambda entry: -len(entry[0]))


_fill()
_BY_NAME = {f"assay:{name}": tuple(f"assay:{member}" for member in members) for name, members in assays.GROUPS.items()}
_BY_CODE = {code: assay.key for assay in assays.ASSAYS for code in assay.codes}
_GENERIC = {line[0] for line in medicines.SAME_MEDICINE}
_INGREDIENTS = {
    f"brand:{brand}": tuple(
        term for name in names for term in ((f"medicine:{name}",) if name in _GENERIC else map(spell, name.split()))
    )
    for brand, names in medicines.BRANDS.items()
}
EXCLUSIVE = tuple(frozenset(words) for words in phrases.EXCLUSIVE)


def phrases_in(words: Sequence[Token]) -> list[tuple[int, int, str]]:
    """(first, end, meaning) for each phrase, left to right. Hyphens and slashes inside a phrase do not matter."""
    found = []
    i, count = 0, len(words)
    while i < count:
        known = _PHRASES.get(words[i].norm)
        if known:
            for rest, meaning in known:
                end = _match(words, i + 1, rest) if rest else i + 1
                if end:
                    found.append((i, end, meaning))
                    i = end - 1
                    break
        i += 1
    return found


def _match(words: Sequence[Token], i: int, rest: tuple[str, ...]) -> int:
    for word in rest:
        while i < len(words) and words[i].text in "-/[]().," and words[i].norm != word:
            i += 1
        if i >= len(words) or words[i].norm != word:
            return 0
        i += 1
    return i


def members(meaning: str) -> tuple[str, ...]:
    """What else bears a meaning out: a systolic result a blood pressure, its ingredients a brand (all of them)."""
    return _BY_NAME.get(meaning, ())


def ingredients(meaning: str) -> tuple[str, ...]:
    return _INGREDIENTS.get(meaning, ())


def assay_by_code(code: str | None) -> str | None:
    return _BY_CODE.get(code) if code else None


def name_of(meaning: str) -> str:
    return meaning.partition(":")[2]
