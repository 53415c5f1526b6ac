"""The stricter verdict wins, and a verdict on words that nobody wrote is none."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from core.verification.types import Verdict
from workers.reports import calls, verdicts
from workers.reports.schemas import Judgement

ROWS = [{"kind": "result", "test": "Hemoglobin A1c", "value": "8.9 %", "reads": "above the reference range"}]


@pytest.mark.parametrize(("one", "other"), list(product(verdicts.STRICTNESS, repeat=2)))
def test_the_stricter_wins_whoever_gave_it(one: str, other: str) -> None:
    found = verdicts.stricter(one, other)
    assert found == verdicts.stricter(other, one)
    assert found in (one, other)
    assert verdicts.is_flagged(found) == (verdicts.is_flagged(one) or verdicts.is_flagged(other))


def test_contradicted_beats_everything_and_supported_nothing() -> None:
    for verdict in verdicts.STRICTNESS:
        assert verdicts.stricter(verdict, "contradicted") == "contradicted"
        assert verdicts.stricter(verdict, "supported") == verdict


def test_every_verdict_that_can_be_given_has_its_place() -> None:
    given = set(get_args(Judgement.model_fields["verdict"].annotation)) | {str(verdict) for verdict in Verdict}
    assert given == set(verdicts.STRICTNESS)


@pytest.mark.parametrize(
    "quote", ["8.9 %", "hemoglobin a1c", '"8.9 %"', "8.9 % ... above the reference", "8.9 % … above"]
)
def test_a_quotation_of_the_rows_stands(quote: str) -> None:
    assert verdicts.with_quote_found("supported", quote, ROWS) == ("supported", None)


@pytest.mark.parametrize("quote", ["", "  ", "...", "6.9 %", "8.9 % ... below the reference"])
def test_a_quotation_of_nothing_does_not(quote: str) -> None:
    verdict, why = verdicts.with_quote_found("supported", quote, ROWS)
    assert verdict == "cannot_verify"
    assert why


def test_a_flag_needs_no_quotation() -> None:
    assert verdicts.with_quote_found("contradicted", "", ROWS) == ("contradicted", None)


def test_pauses_double_and_an_asked_for_pause_is_kept() -> None:
    assert calls.pause_before(2, 7.0) == 7.0
    for attempt, middle in ((2, 0.5), (3, 1.0), (4, 2.0)):
        assert 0.75 * middle <= calls.pause_before(attempt, None) <= 1.25 * middle
