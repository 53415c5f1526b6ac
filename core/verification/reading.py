"""A claim being read: its tokens, the rows it may rest on, what it names, and what has been found so far."""

from collections.abc import Iterable, Sequence
from datetime import date

from core.verification import text
from core.verification.facts import Facts
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
        self.tokens = text.tokens(claim.text)
        self.mentions: list[Mention] = []
        self.phrases: list[tuple[int, int, str]] | None = None
        self.missing = False
        self.findings: list[Finding] = []
        self._sentence_of: list[int] | None = None

    def observations(self, facts: Iterable[Facts] | None = None) -> list[Facts]:
        return [f for f in (self.facts if facts is None else facts) if f.type == "observation"]

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
        """Which sentence of the claim a token stands in."""
        if self._sentence_of is None:
            count, self._sentence_of = 0, []
            for token in self.tokens:
                self._sentence_of.append(count)
                count += token.text in SENTENCE_ENDS
        return self._sentence_of[i]

    def span_of(self, i: int) -> range:
        """The indexes of a token's sentence."""
        here = self.sentence(i)
        first = last = i
        while first > 0 and self.sentence(first - 1) == here:
            first -= 1
        while last + 1 < len(self.tokens) and self.sentence(last + 1) == here:
            last += 1
        return range(first, last + 1)

    def mention_of(self, i: int, among: Sequence[Mention] | None = None) -> Mention | None:
        """What a token is about: the last thing named before it in its sentence, else the next, else an earlier one."""
        named = self.mentions if among is None else among
        before = after = earlier = None
        for mention in named:
            if mention.first <= i:
                if self.sentence(mention.first) == self.sentence(i):
                    before = mention
                else:
                    earlier = mention
            elif after is None and self.sentence(mention.first) == self.sentence(i):
                after = mention
        return before or after or earlier

    def subject(self, i: int) -> list[Facts]:
        """The rows a token is about; all cited ones if nothing is named."""
        mention = self.mention_of(i)
        return mention.facts if mention else self.facts

    def before(self, i: int, reach: int = 4) -> list[str]:
        """The words just before a token, nearest first."""
        return [token.norm for token in self.tokens[max(0, i - reach) : i]][::-1]

    def after(self, i: int, reach: int = 3) -> list[str]:
        return [token.norm for token in self.tokens[i + 1 : i + 1 + reach]]
