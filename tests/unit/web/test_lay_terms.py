"""Names of what was found and done lose their kind, and nothing else."""

from __future__ import annotations

import pytest

from core.web.lay_terms import lay


@pytest.mark.parametrize(
    ("coded", "read"),
    [
        ("Stress (finding)", "Stress"),
        ("Viral sinusitis (disorder)", "Viral sinusitis"),
        ("Dr Nair · Bedok clinic · Gout (disorder)", "Dr Nair · Bedok clinic · Gout"),
        ("Home visit (procedure) · Fall (event)", "Home visit · Fall"),
        ("Diet education (regime/therapy)", "Diet education"),
        ("Pain (left knee)", "Pain (left knee)"),
        ("(finding) of something", "(finding) of something"),
        ("Fall (event) at home", "Fall (event) at home"),
        (None, ""),
    ],
)
def test_a_kind_at_the_end_is_left_out(coded: str | None, read: str) -> None:
    assert lay(coded) == read
