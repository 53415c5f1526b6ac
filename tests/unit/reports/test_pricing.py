"""Budget arithmetic: what a call can cost at most is never less than what it costs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.reports import pricing
from workers.reports.client import Question, Usage


def question(system: str = "s", contents: tuple[str, ...] = ("c",), output: int = 100) -> Question:
    return Question("gpt-4o-mini", system, contents, "report_draft", {"type": "object"}, output)


def test_a_known_model_has_its_price_and_the_datas_version() -> None:
    price = pricing.price("gpt-4o-mini", Usage(1_000_000, 0, 0, 0))
    assert price.usd > Decimal("0.01")
    assert price.version.startswith("genai-prices ")
    assert "no price" not in price.version


@pytest.mark.parametrize("model", ["strata-offline-rules", "my-own-model", "x" * 200])
def test_an_unknown_model_costs_nothing_and_says_so(model: str) -> None:
    price = pricing.price(model, Usage(1_000_000, 0, 1_000_000, 0), "http://127.0.0.1:9/v1")
    assert price.usd == 0
    assert ": no price for " in price.version
    assert len(price.version) <= 80


def test_cached_input_costs_less_than_fresh() -> None:
    fresh = pricing.price("gpt-4o-mini", Usage(100_000, 0, 0, 0)).usd
    cached = pricing.price("gpt-4o-mini", Usage(100_000, 100_000, 0, 0)).usd
    assert 0 < cached < fresh


def test_reasoning_is_part_of_the_output() -> None:
    plain = pricing.price("gpt-4o-mini", Usage(0, 0, 5_000, 0))
    assert pricing.price("gpt-4o-mini", Usage(0, 0, 5_000, 4_000)) == plain


def test_prices_are_rounded_up() -> None:
    assert pricing.price("gpt-4o-mini", Usage(1, 0, 0, 0)).usd == pricing.MICRO_USD


@given(st.text(max_size=500), st.lists(st.text(max_size=500), min_size=1, max_size=3))
def test_a_token_is_at_least_a_byte(system: str, contents: list[str]) -> None:
    most = pricing.most(question(system, tuple(contents), output=77))
    assert most.input >= sum(len(text.encode("utf-8", "surrogatepass")) for text in (system, *contents))
    assert most.output == 77
