"""What a model answers about fact-check cases: what each sentence says, and its verdict on each claim with its rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from core import verification
from core.verification import Result, SaidStatement, SecondReading
from evals.cases import Case
from workers.reports import calls, checker, sentence_reader, verdicts
from workers.reports.checker import Judged, ToCheck
from workers.reports.client import Answer, EndpointFault, Question
from workers.reports.faults import Unusable

# The day on which the sentences of cases count as written.
WRITTEN_ON = date(2026, 11, 30)
Said = tuple[SaidStatement, ...]


def claim_key(case: Case) -> str:
    """What a verdict is known by: the claim's words and the rows it cites."""
    by_ref = {row.ref: row for row in case.rows}
    cited = [[by_ref[ref].type, dict(by_ref[ref].fields)] for ref in case.claim.citations if ref in by_ref]
    return hashlib.sha256(json.dumps([case.claim.text, cited], sort_keys=True, default=str).encode()).hexdigest()


@dataclass
class Answers:
    """Readings by sentence, verdicts by claim; `unanswered` counts questions without a usable answer."""

    said: dict[str, Said] = field(default_factory=dict)
    judged: dict[str, Judged] = field(default_factory=dict)
    unanswered: int = 0

    def lines(self) -> Iterator[dict[str, Any]]:
        """The answers as a recording keeps them."""
        for sentence, said in self.said.items():
            yield {"sentence": sentence, "statements": [statement.as_json() for statement in said]}
        for key, judged in self.judged.items():
            yield {"claim": key, "verdict": judged.verdict, "reasons": list(judged.reasons), "quote": judged.quote}


def of_lines(lines: Sequence[Mapping[str, Any]]) -> Answers:
    """The answers of a recording. Raises KeyError, TypeError for a line that is none."""
    found = Answers()
    for line in lines:
        if "sentence" in line:
            found.said[line["sentence"]] = verification.from_json(line["statements"])
        elif "claim" in line:
            found.judged[line["claim"]] = Judged(line["verdict"], tuple(line["reasons"]), line["quote"])
    return found


def ask(cases: Sequence[Case], model: str, answer: Callable[[Question], Answer]) -> Answers:
    """Ask a model about all cases, in the batches of the report loop. A question without a usable answer is counted."""
    found = Answers()
    sentences = list(dict.fromkeys(case.claim.text for case in cases))
    for start in range(0, len(sentences), sentence_reader.SENTENCES_PER_CALL):
        part = sentences[start : start + sentence_reader.SENTENCES_PER_CALL]
        asked = sentence_reader.asking(part, WRITTEN_ON, model)
        found.said |= _answered(found, asked.question, asked.read, answer)
    for start in range(0, len(cases), checker.CLAIMS_PER_CALL):
        batch = cases[start : start + checker.CLAIMS_PER_CALL]
        judging = checker.judging([_to_check(n, case) for n, case in enumerate(batch)], WRITTEN_ON, model)
        judged = _answered(found, judging.question, judging.read, answer)
        found.judged |= {claim_key(batch[n]): verdict for n, verdict in judged.items()}
    return found


def _answered(
    found: Answers, question: Question, read: Callable[[str], Any], answer: Callable[[Question], Answer]
) -> Any:
    try:
        return read(calls.usable(answer(question)))
    except (EndpointFault, Unusable):
        found.unanswered += 1
        return {}


def _to_check(number: int, case: Case) -> ToCheck:
    by_ref = {row.ref: row for row in case.rows}
    rows = tuple((by_ref[ref].type, by_ref[ref].fields) for ref in case.claim.citations)
    return ToCheck(number, case.claim.text, rows, verification.settled(verification.read(case.claim, case.rows)))


class Decided(NamedTuple):
    """A case with the columns of a model: what came of its reading, and the result without and with it."""

    second: SecondReading
    by_judge: Result
    by_both: Result


def decide(case: Case, reading: verification.Reading, answers: Answers) -> Decided:
    """The verdict on a case that code has read, with the answers about it."""
    judged = answers.judged.get(claim_key(case))
    second = verification.read_again(case.claim, case.rows, answers.said.get(case.claim.text, ()))
    alone, both = (_column(judged, reading, read) for read in (verification.NOT_READ, second))
    by_judge = verification.decide(reading, judge=alone)
    return Decided(second, by_judge, verification.decide(reading, second=second, judge=both))


def _column(judged: Judged | None, reading: verification.Reading, second: SecondReading) -> verification.Judge:
    if judged is None:
        return verification.Judge.NONE
    return verdicts.column(judged.verdict, judged.quote, reading, second)
