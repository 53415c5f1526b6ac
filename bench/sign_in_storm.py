"""How long a patient's pages take while somebody guesses 100 passwords a second, and how long without; in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench import _disturbance

GUESSES_A_SECOND = 100


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Ratios of the median and the 95th percentile; milliseconds for each side."""
    with _disturbance.patient(scale, say) as (made, client):
        command = ("bench._storm", str(client.port), str(GUESSES_A_SECOND))
        compared = _disturbance.compare(made, client, say, word="stormy", command=command)
    return {**compared, "guesses_a_second": GUESSES_A_SECOND}
