"""The fact-checker as reader: it sees sentences alone, never a row, and writes down what each says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from core.verification import Grammar
from core.verification.second_reader.answer import SaidStatement
from workers.reports import calls, letter_codes, prompts, reading_schema, setups
from workers.reports.calls import Asker, Call, Reply
from workers.reports.client import Question
from workers.reports.wording import day

ROLE = "reader"
SENTENCES_PER_CALL = 20
READING_TOKENS_MAX = 12_000
# What code proves whole needs no second reader. What it refutes does: a wrong "contradicted" costs the reader's trust.
DECIDED = frozenset({Grammar.WHOLE})


class Asking(NamedTuple):
    """The question that asks what sentences say, and what its labels stand for."""

    question: Question
    labels: dict[str, str]

    def read(self, text: str) -> dict[str, tuple[SaidStatement, ...]]:
        """What each sentence says, by sentence; one that the answer leaves out is not there. Raises Unusable."""
        found = reading_schema.read(text, list(self.labels))
        return {self.labels[label]: said for label, said in found.items()}


def asking(sentences: Sequence[str], on: date, model: str) -> Asking:
    """What is asked about at most SENTENCES_PER_CALL different sentences, written on a day."""
    labels = letter_codes.labelled(sentences)
    content = {
        "written_on": day(on.isoformat()),
        "sentences": [{"label": label, "text": text} for label, text in labels.items()],
    }
    question = Question(
        model=model,
        system=prompts.load("reader").text,
        contents=(json.dumps(content, ensure_ascii=False),),
        schema_name="sentence_readings",
        schema=reading_schema.schema(list(labels)),
        output_tokens_max=READING_TOKENS_MAX,
    )
    return Asking(question, labels)


def read(
    lease: Asker, sentences: Sequence[str], on: date, round_: int
) -> tuple[Mapping[str, tuple[SaidStatement, ...]], Reply]:
    """What each of at most SENTENCES_PER_CALL sentences says. Raises LoopFailure, LeaseLost."""
    asked = asking(sentences, on, setups.of_report(lease.report_id).checker_model)
    call = Call(ROLE, round_, prompts.load("reader").version)
    return calls.ask(lease, call, asked.question, asked.read)
