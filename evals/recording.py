"""Answers of a real endpoint, kept by question, so that a model's words can be replayed where no endpoint is at hand.

A file of JSON lines: first who made it, when and with which prompts; then one answer a line, to a whole question or
about one sentence or claim of fact-check cases. The questions are about nobody's patients: made ones, or cases.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals import answered_cases
from evals.answered_cases import Answers
from workers.reports.client import Answer, Question

FORMAT = "strata-recording/1"


class BadRecording(Exception):
    """The file can't be replayed; the message says why and what to do."""


def key(schema_name: str, contents: Sequence[str]) -> str:
    """What a question is known by: the shape of its answer and its data."""
    return hashlib.sha256("\0".join((schema_name, *contents)).encode()).hexdigest()


@dataclass(frozen=True)
class Recording:
    """`made` tells who recorded what and when; `answers` are by question."""

    made: dict[str, str]
    answers: dict[str, dict[str, Any]]
    of_cases: Answers

    def answer(self, schema_name: str, contents: Sequence[str]) -> dict[str, Any] | None:
        """The answer to a question, if it was recorded."""
        return self.answers.get(key(schema_name, contents))


class Recorder:
    """Keeps what is asked and answered; `of_cases` are answers about fact-check cases."""

    def __init__(self) -> None:
        self.lines: dict[str, dict[str, Any]] = {}
        self.of_cases = Answers()

    @property
    def total(self) -> int:
        """How many answers are kept."""
        return len(self.lines) + len(self.of_cases.said) + len(self.of_cases.judged)

    def keep(self, question: Question, answer: Answer) -> None:
        """Keep one answer."""
        asked = key(question.schema_name, question.contents)
        used = answer.usage
        self.lines[asked] = {
            "question": asked, "schema": question.schema_name, "model": answer.model, "text": answer.text,
            "finish_reason": answer.finish_reason, "input_tokens": used.input if used else 0,
            "output_tokens": used.output if used else 0,
        }  # fmt: skip

    def write(self, path: Path, **made: str) -> None:
        """Write the file, replacing what was there."""
        lines = [{"format": FORMAT, **made}, *self.lines.values(), *self.of_cases.lines()]
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def load(path: Path, prompt_version: str) -> Recording:
    """A recording, if it was made with the prompts of today. Raises BadRecording."""
    try:
        made, *answers = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if made["format"] != FORMAT:
            raise BadRecording(f"{path} is no recording of this version: its format is not {FORMAT}")
        if made["prompts"] != prompt_version:
            raise BadRecording(f"{path} was recorded with other prompts ({made['prompts']}): record it again")
        whole = {answer["question"]: answer for answer in answers if "question" in answer}
        return Recording(made, whole, answered_cases.of_lines(answers))
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise BadRecording(f"{path} is no recording: {type(fault).__name__}") from None
