"""What a call costs, by genai-prices, with the version of the price data beside it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

import genai_prices
from genai_prices.types import PriceCalculation

from workers.reports.client import Question, Usage

MICRO_USD = Decimal("0.000001")
VERSION = f"genai-prices {genai_prices.__version__}"
NO_PRICE = ": no price for"
MESSAGE_OVERHEAD_TOKENS = 64


@dataclass(frozen=True)
class Price:
    """US dollars, rounded up to a millionth; `version` says so when the model has no known price."""

    usd: Decimal
    version: str

    @property
    def is_unknown(self) -> bool:
        """Whether the price is unknown, and therefore 0."""
        return NO_PRICE in self.version


def price(model: str, usage: Usage, base_url: str = "") -> Price:
    """The price of a call. A model without a known price, such as a local one, costs 0."""
    tokens = genai_prices.Usage(
        input_tokens=usage.input, cache_read_tokens=min(usage.cached, usage.input), output_tokens=usage.output
    )
    found = _calculate(tokens, model, base_url)
    if found is None:
        return Price(Decimal(0), f"{VERSION}{NO_PRICE} {model}"[:80])
    return Price(found.total_price.quantize(MICRO_USD, ROUND_UP), VERSION)


def _calculate(tokens: genai_prices.Usage, model: str, base_url: str) -> PriceCalculation | None:
    if base_url:
        try:
            return genai_prices.calc_price(tokens, model, provider_api_url=base_url)
        except (LookupError, ValueError):
            pass
    try:
        return genai_prices.calc_price(tokens, model)
    except (LookupError, ValueError):
        return None


def most(question: Question) -> Usage:
    """At least as many tokens as the call can use: a token is at least one byte, and the request bounds the output."""
    said = len(question.system.encode()) + sum(len(content.encode()) for content in question.contents)
    said += len(str(question.schema).encode()) + MESSAGE_OVERHEAD_TOKENS * (1 + len(question.contents))
    return Usage(input=said, cached=0, output=question.output_tokens_max, reasoning=0)
