"""A claim being read: its tokens, the rows it may rest on, what it names, and what has been found so far."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import date

from core.verification import quantities, text
from core.verification.facts import Facts
from core.verification.quantities import Quantity
from core.verification.text import Token
from core.verification.types import Claim, Finding, Row, Verdict

SENTENCE_ENDS = frozenset(".;!?")


class Mention:
    """Words of the claim, tokens `first` to `end`, that name some of the rows."""

    __slots__ = ("end", "facts", "first", "meaning")

    def __init__(self, first: int, end: int, facts: list[Facts], meaning: str | None = None) -> None:
        self.first, self.end, self.facts, self.meaning = first, end, facts, meaning


class Reading:
    """One check in progress. `facts` are the cited rows of this patient, `others` gives rows that it does not cite."""

    def __init__(self, claim: Claim, facts: list[Facts], uncited: list[Row], on: date | None) -> None:
        self.claim, self.facts, self._uncited, self.on = claim, facts, uncited, on
        self.plain = text.plain(claim.text)
        self.tokens = text.lex(self.plain)
        self.mentions: list[Mention] = []
        self.phrases: list[tuple[int, int, str]] | None = None
        self.missing = False
        self.findings: list[Finding] = []
        self._quantities: dict[int, Quantity] = {}
        self._norms = [token.norm for token in self.tokens]
        self._said = frozenset(self._norms)
        self._spans = _spans(self.tokens)

    def having(self, words: AbstractSet[str]) -> Iterable[tuple[int, Token]]:
        """The tokens among `words` that are not yet accounted for when their turn comes."""
        return () if self._said.isdisjoint(words) else self._among(words)

    def _among(self, words: AbstractSet[str]) -> Iterator[tuple[int, Token]]:
        for i, token in enumerate(self.tokens):
            if token.norm in words and not token.done:
                yield i, token

    def quantity(self, i: int) -> Quantity:
        """The quantity that number token `i` writes."""
        found = self._quantities.get(i)
        if found is None:
            found = self._quantities[i] = quantities.read(self.tokens[i], self.before(i, 2))
        return found

    def others(self, kind: str) -> list[Facts]:
        """The patient's rows of a kind that the claim does not cite."""
        return [Facts(row) for row in self._uncited if row.type == kind]

    def wrong(
        self, reason: str, first: int, end: int | None = None, fact: Facts | None = None, quote: str | None = None
    ) -> None:
        """A contradiction in tokens `first` to `end` (one token without `end`); likewise the others below."""
        self._add(Verdict.CONTRADICTED, reason, (first, end), fact, quote)

    def right(
        self, reason: str, first: int, end: int | None = None, fact: Facts | None = None, quote: str | None = None
    ) -> None:
        self._add(Verdict.SUPPORTED, reason, (first, end), fact, quote)

    def silent(self, reason: str, first: int, end: int | None = None) -> None:
        self._add(Verdict.NOT_ADDRESSED, reason, (first, end))

    def unsure(self, reason: str, first: int, end: int | None = None) -> None:
        self._add(Verdict.CANNOT_VERIFY, reason, (first, end))

    def _add(
        self,
        verdict: Verdict,
        reason: str,
        at: tuple[int, int | None],
        fact: Facts | None = None,
        quote: str | None = None,
    ) -> None:
        first, end = at[0], at[1] or at[0] + 1
        span = (self.tokens[first].start, self.tokens[end - 1].end)
        self.findings.append(Finding(verdict, reason, span, fact.ref if fact else None, quote))
        self.done(first, end)

    def done(self, first: int, end: int | None = None) -> None:
        for token in self.tokens[first : end or first + 1]:
            token.done = True

    def sentence(self, i: int) -> int:
        """Which sentence of the claim a token stands in, told by its first token."""
        return self._spans[i].start

    def span_of(self, i: int) -> range:
        """The indexes of a token's sentence."""
        return self._spans[i]

    def mention_of(self, i: int, among: Sequence[Mention] | None = None) -> Mention | None:
        """What a token is about: the last thing named before it in its sentence, else the next, else an earlier one."""
        named = self.mentions if among is None else among
        before = after = earlier = None
        span = self._spans[i]
        for mention in named:
            if mention.first <= i:
                if mention.first >= span.start:
                    before = mention
                else:
                    earlier = mention
            elif after is None and mention.first < span.stop:
                after = mention
        return before or after or earlier

    def subject(self, i: int) -> list[Facts]:
        """The rows a token is about; all cited ones if nothing is named."""
        mention = self.mention_of(i)
        return mention.facts if mention else self.facts

    def before(self, i: int, reach: int = 4) -> list[str]:
        """The words just before a token, nearest first."""
        return self._norms[max(0, i - reach) : i][::-1]

    def after(self, i: int, reach: int = 3) -> list[str]:
        return self._norms[i + 1 : i + 1 + reach]


def _spans(tokens: Sequence[Token]) -> list[range]:
    """For each token the indexes of its sentence."""
    spans: list[range] = []
    first = 0
    for i, token in enumerate(tokens):
        if token.text in SENTENCE_ENDS or i + 1 == len(tokens):
            spans += [range(first, i + 1)] * (i + 1 - first)
            first = i + 1
    return spans
